//! Several channels: who is asked, and what counts as told.

use super::*;

#[tokio::test]
async fn channels_confirm_when_one_does() {
    let none = Channels::default();
    let nobody = none.deliver(&message()).await.unwrap_err();
    assert!(none.channels().is_empty() && nobody.kind == FaultKind::Undelivered);
    let (up, down) = (Server::status("200 OK").await, Server::status("500 X").await);
    let channel = |server: &Server| Channel::Webhook(webhook(local(server)));
    for channels in [vec![channel(&up), channel(&down)], vec![channel(&down), channel(&up)]] {
        let channels = Channels::new(channels);
        assert_eq!(channels.channels(), ["webhook"; 2]);
        channels.deliver(&message()).await.unwrap();
    }
    assert!(Channels::new(vec![channel(&down)]).deliver(&message()).await.is_err());
    let channels = Channels::new(vec![channel(&up)]);
    let on = |name: &str| Message { channel: Some(name.into()), ..message() };
    channels.deliver(&on("webhook")).await.unwrap();
    channels.deliver(&on("smtp")).await.expect("a channel that is not set up any more is any other's to stand in for");
}
