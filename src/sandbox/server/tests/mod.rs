//! The sandbox over real sockets: what ARM answers, token by token and page by page.

mod arm;
mod doors;
mod site;
