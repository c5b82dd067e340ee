package main

import (
	"fmt"
	"io"
	"net"
	"os"
)

// holdIdle opens connections, one after the other, uses each once and keeps them.
func holdIdle(address string, connections int, isWs bool) {
	held := make([]net.Conn, 0, connections)
	for len(held) < connections {
		socket, err := openIdle(address, isWs)
		check(err)
		held = append(held, socket)
	}
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	for _, socket := range held {
		socket.Close()
	}
}

func openIdle(address string, isWs bool) (net.Conn, error) {
	if isWs {
		return openWs(address)
	}
	return ask(address, "GET /small HTTP/1.1\r\nHost: "+site+"\r\n\r\n", 200)
}
