package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
)

func answer(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		io.Copy(w, r.Body)
		return
	}
	fmt.Fprintf(w, "hello from go, release %s\n", os.Getenv("SLIPWAY_RELEASE"))
}

func main() {
	http.HandleFunc("/", answer)
	log.Fatal(http.ListenAndServe(":"+os.Getenv("PORT"), nil))
}
