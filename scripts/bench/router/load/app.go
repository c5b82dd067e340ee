package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// 100 KiB in pieces of 16 KiB, as an app sends what it makes bit by bit.
var chunked = []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n" +
	strings.Repeat("4000\r\n"+strings.Repeat("x", 0x4000)+"\r\n", 6) +
	"1000\r\n" + strings.Repeat("x", 0x1000) + "\r\n0\r\n\r\n")

// serveApp answers every request with the chunked body, and upgrades those that ask for it.
func serveApp(address string) {
	listener, err := net.Listen("tcp", address)
	check(err)
	for {
		socket, err := listener.Accept()
		check(err)
		go serve(socket)
	}
}

func serve(socket net.Conn) {
	defer socket.Close()
	reader := bufio.NewReaderSize(socket, 1024)
	for {
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		if request.Header.Get("Upgrade") != "" {
			echo(socket, request.Header.Get("Sec-WebSocket-Key"))
			return
		}
		if _, err := socket.Write(chunked); err != nil {
			return
		}
	}
}

// echo sends frames back as they came: nobody on the way looks into them.
func echo(socket net.Conn, key string) {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(socket, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
	buffer := make([]byte, 512)
	for {
		size, err := socket.Read(buffer)
		if err != nil {
			return
		}
		if _, err := socket.Write(buffer[:size]); err != nil {
			return
		}
	}
}
