package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

const key = "dGhlIHNhbXBsZSBub25jZQ=="

// A masked text frame of 64 bytes; what is in it is nobody's business here.
var frame = append([]byte{0x81, 0x80 | 64, 1, 2, 3, 4}, make([]byte, 64)...)

// openWs gives a connection that is upgraded.
func openWs(address string) (net.Conn, error) {
	return ask(address, "GET /ws HTTP/1.1\r\nHost: ws."+site+"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "+key+"\r\n\r\n", 101)
}

// ask opens a connection, sends a request and reads its answer.
func ask(address, request string, status int) (net.Conn, error) {
	socket, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	socket.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(socket, request); err != nil {
		return nil, err
	}
	answer, err := http.ReadResponse(bufio.NewReaderSize(socket, 1024), nil)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != status {
		return nil, fmt.Errorf("answered %s", answer.Status)
	}
	if status == 200 {
		_, err = io.Copy(io.Discard, answer.Body)
	}
	socket.SetDeadline(time.Time{})
	return socket, err
}

func echoes(address string, until time.Time) {
	socket, err := openWs(address)
	if err != nil {
		failed.Add(1)
		return
	}
	defer socket.Close()
	socket.SetDeadline(until.Add(5 * time.Second))
	back := make([]byte, len(frame))
	for time.Now().Before(until) {
		if !isEchoed(socket, back) {
			failed.Add(1)
			return
		}
		done.Add(1)
	}
}

func isEchoed(socket net.Conn, back []byte) bool {
	if _, err := socket.Write(frame); err != nil {
		return false
	}
	_, err := io.ReadFull(socket, back)
	return err == nil
}
