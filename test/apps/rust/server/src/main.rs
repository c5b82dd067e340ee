use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, thread};

fn answer(client: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let page = greeting::to(&env::var("SLIPWAY_RELEASE").unwrap_or_default());
    let length = itoa::Buffer::new().format(page.len()).to_string();
    let mut client = client;
    write!(client, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{page}")
}

fn main() {
    let port = env::var("PORT").unwrap_or("5000".into());
    let listener = TcpListener::bind(format!("0.0.0.0:{port}")).expect("the port is free");
    for client in listener.incoming().flatten() {
        thread::spawn(|| answer(client));
    }
}
