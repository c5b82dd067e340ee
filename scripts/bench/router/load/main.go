// What wrk and h2load cannot do for the router's benchmark. Each load prints {"done","failed"}.
//
//	load app  ADDRESS                              100 KiB, chunked; or an upgrade, and back what comes
//	load ws   ADDRESS CONNECTIONS SECONDS          echoes of 64 bytes, one under way a connection
//	load tls  ADDRESS CONNECTIONS SECONDS KIND     handshakes and nothing else, full or resumed
//	load idle ADDRESS CONNECTIONS KIND             opens (http or ws), says "ready", holds until stdin ends
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// The name that every proxy serves; the app of this program has one below it.
const site = "localhost"

func main() {
	address := os.Args[2]
	switch os.Args[1] {
	case "app":
		serveApp(address)
	case "ws":
		spread(number(3), number(4), func(until time.Time) { echoes(address, until) })
	case "tls":
		handshakes(address, number(3), number(4), os.Args[5] == "resumed")
	case "idle":
		holdIdle(address, number(3), os.Args[4] == "ws")
	}
}

var done, failed atomic.Int64

// spread runs one work on so many connections at once and prints what came of it.
func spread(connections, seconds int, work func(until time.Time)) {
	until := time.Now().Add(time.Duration(seconds) * time.Second)
	var all sync.WaitGroup
	for i := 0; i < connections; i++ {
		all.Add(1)
		go func() { defer all.Done(); work(until) }()
	}
	all.Wait()
	fmt.Printf("{\"done\":%d,\"failed\":%d}\n", done.Load(), failed.Load())
}

func number(at int) int {
	n, err := strconv.Atoi(os.Args[at])
	check(err)
	return n
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
