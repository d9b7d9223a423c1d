// The page behind the link in a proposal. Only a press changes something, and all that it can do is keep the instance.
import { put, startLinked } from "./linked.js";
import { own } from "./times.js";

function show(told) {
  put("instance", told.instance);
  put("workspace", told.workspace);
  put("owner", told.owner ? ` · ${told.owner}` : "");
  put("off", own(Date.parse(told.off_since)));
  put("words", told.words);
  put("cost", told.monthly ? `Off, it goes on costing ${told.monthly} a month.` : "What it goes on costing is not known.");
  document.querySelector("[data-page]").href = told.page;
}

function done(answer) {
  put("kept", `${document.querySelector('[data-put="instance"]').textContent} is kept`);
  put("until", answer.until ? `until ${own(Date.parse(answer.until))}` : "for good");
  put("then", answer.words);
}

startLinked({
  kind: "keep",
  heads: {
    403: ["This link is not valid", "It was changed or cut on its way. Open it again from the message, or copy the whole of it."],
    409: ["This was declined", ""],
    410: ["This proposal has ended, or the link's time is over", "See how it stands on the instance's own page."],
  },
  look: "/links/keep/look",
  use: "/links/keep/use",
  show,
  body: (given) => ({ days: given.get("days") ? Number(given.get("days")) : null }),
  done,
});
