//! The links of a message: one instance has its own and the page, and in a list each has the one that keeps it on.

use jiff::SignedDuration;
use lightsout::links::{LinkBase, link_keys, read};
use lightsout::notify::Linker;
use lightsout::ports::{About, Message, MessageKind};
use lightsout::units::When;
use url::Url;

use super::{instance, sent, warning};

fn linker() -> Linker {
    let keys = link_keys("a key of thirty-two bytes, at least".to_owned().into(), []).unwrap();
    Linker::new(LinkBase::new(Url::parse("https://lightsout.example.org").unwrap()), keys)
}

fn created() -> When {
    When::at(sent().checked_sub(SignedDuration::from_hours(24)).unwrap())
}

fn of(name: &str) -> Message {
    Message { about: About::Instance { instance: instance(name), created: created() }, ..warning() }
}

#[test]
fn each_instance_of_a_list_has_the_link_that_keeps_it_on() {
    let message = Message { also: vec![of("ci-bob"), of("ci-eve")], ..of("ci-ada") };
    let links = linker().links(&message);
    let labels: Vec<&str> = links.iter().map(|link| link.label.as_str()).collect();
    assert_eq!(labels, ["Keep ci-ada on", "Keep ci-bob on", "Keep ci-eve on", "See the fleet"]);
    let keys = link_keys("a key of thirty-two bytes, at least".to_owned().into(), []).unwrap();
    for (link, name) in links.iter().zip(["ci-ada", "ci-bob", "ci-eve"]) {
        let token = link.url.split('#').nth(1).unwrap();
        assert_eq!(read(&keys, token, sent()).unwrap().instance, instance(name), "and keeps on no other");
    }
}

#[test]
fn one_alone_has_its_own_and_the_page() {
    let labels = |message: &Message| linker().links(message).into_iter().map(|link| link.label).collect::<Vec<_>>();
    assert_eq!(labels(&of("ci-ada")), ["Keep it on", "See why"]);
    let overdue = Message { kind: MessageKind::Overdue, notice: None, ..of("ci-ada") };
    assert_eq!(labels(&overdue), ["See why"], "nothing is announced that could be postponed");
    let many = Message { also: vec![overdue.clone()], ..overdue };
    assert_eq!(labels(&many), ["See the fleet"]);
}
