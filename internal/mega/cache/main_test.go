package cache

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// EnvWriter turns the test binary into a process of TestManyProcesses: NUMBER:DIRECTORY.
const EnvWriter = "MEGAPLAN_TEST_CACHE_WRITER"

// WriterNodes is how many nodes each of those writes.
const WriterNodes = 60

func TestMain(m *testing.M) {
	if job := os.Getenv(EnvWriter); job != "" {
		if err := writerProcess(job); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	if millionDir != "" {
		os.RemoveAll(millionDir)
	}
	os.Exit(code)
}

func writerProcess(job string) error {
	var writer int
	var dir string
	if _, err := fmt.Sscanf(job, "%d:%s", &writer, &dir); err != nil {
		return err
	}
	c, err := Open(dir, Options{})
	if err != nil {
		return err
	}
	pics, _ := parseHandle([]byte("Pics0001"))
	for i := range WriterNodes {
		n := Node{Handle: Handle(1000*(writer+1) + i), Parent: pics, Size: int64(i)}
		if err := c.Put(context.Background(), n); err != nil {
			return err
		}
		if i%20 == 7 {
			if err := c.Fold(context.Background()); err != nil {
				return err
			}
		}
	}
	return c.Close()
}
