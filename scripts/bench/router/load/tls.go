package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"time"
)

// handshakes opens TLS connections one after the other and closes them as soon as both sides agree.
func handshakes(address string, connections, seconds int, isResumed bool) {
	settings := &tls.Config{ServerName: site, InsecureSkipVerify: true}
	if isResumed {
		settings.ClientSessionCache = &oneTicket{}
		takeTicket(address, settings)
	}
	spread(connections, seconds, func(until time.Time) {
		for time.Now().Before(until) {
			if handshake(address, settings, isResumed) {
				done.Add(1)
			} else {
				failed.Add(1)
			}
		}
	})
}

func handshake(address string, settings *tls.Config, isResumed bool) bool {
	socket, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return false
	}
	defer socket.Close()
	secure := tls.Client(socket, settings)
	socket.SetDeadline(time.Now().Add(5 * time.Second))
	return secure.Handshake() == nil && secure.ConnectionState().DidResume == isResumed
}

// takeTicket asks for a page, since a ticket comes with the first bytes after the handshake.
func takeTicket(address string, settings *tls.Config) {
	secure, err := tls.Dial("tcp", address, settings)
	check(err)
	defer secure.Close()
	fmt.Fprintf(secure, "GET /small HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", site)
	_, err = io.Copy(io.Discard, secure)
	check(err)
}

// oneTicket keeps the first ticket for good, however often it is used.
type oneTicket struct{ ticket *tls.ClientSessionState }

func (one *oneTicket) Get(string) (*tls.ClientSessionState, bool) {
	return one.ticket, one.ticket != nil
}

func (one *oneTicket) Put(_ string, ticket *tls.ClientSessionState) {
	if one.ticket == nil {
		one.ticket = ticket
	}
}
