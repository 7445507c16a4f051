//! One request by hand, to see what a token is worth.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use simulator::Simulator;

/// The status of `GET /v1/apps` with this token.
pub fn status_with(token: &str, simulator: &Simulator) -> u16 {
    let mut line = TcpStream::connect(simulator.address()).expect("the simulator listens");
    write!(
        line,
        "GET /v1/apps HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    .expect("the request is sent");
    let mut answer = String::new();
    line.read_to_string(&mut answer).expect("an answer");
    let status = answer.split(' ').nth(1).expect("a status line");
    status.parse().expect("a status")
}
