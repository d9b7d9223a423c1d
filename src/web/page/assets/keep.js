// The page behind the link in a proposal. Only a press changes something, and all that it can do is keep the instance.
import { Refused, send } from "./send.js";
import { own } from "./times.js";
import { startTheme } from "./toggle.js";

const HEADS = {
  403: ["This link is not valid", "It was changed or cut on its way. Open it again from the message, or copy the whole of it."],
  409: ["This was declined", ""],
  410: ["This proposal has ended, or the link's time is over", "See how it stands on the instance's own page."],
};
const byId = (id) => document.getElementById(id);
const put = (name, words) => { document.querySelector(`[data-put="${name}"]`).textContent = words ?? ""; };

function only(id) {
  for (const part of ["keep-wait", "keep-ask", "keep-done", "keep-fault"]) byId(part).hidden = part !== id;
}

function fault(problem) {
  const known = HEADS[problem instanceof Refused ? problem.status : 0];
  put("fault-head", known?.[0] ?? "This did not work");
  const said = problem.message.replace(/^./u, (first) => first.toUpperCase()).replace(/[^.]$/u, "$&.");
  put("fault-words", [known?.[1], said].filter(Boolean).join(" "));
  only("keep-fault");
  byId("keep-fault").focus();
}

function ask(token, told) {
  put("instance", told.instance);
  put("workspace", told.workspace);
  put("owner", told.owner ? ` · ${told.owner}` : "");
  put("off", own(Date.parse(told.off_since)));
  put("words", told.words);
  put("cost", told.monthly ? `Off, it goes on costing ${told.monthly} a month.` : "What it goes on costing is not known.");
  document.querySelector("[data-page]").href = told.page;
  only("keep-ask");
  byId("keep-form").addEventListener("submit", (event) => {
    event.preventDefault();
    press(token, event.target);
  });
}

async function press(token, form) {
  const given = new FormData(form);
  const reason = String(given.get("reason")).trim();
  const error = byId("keep-error");
  error.hidden = Boolean(reason);
  if (!reason) {
    error.textContent = "Give a reason: it stands on the page and in the record.";
    form.elements.reason.focus();
    return;
  }
  byId("keep-do").disabled = true;
  const days = given.get("days") ? Number(given.get("days")) : null;
  try {
    const done = await send("POST", "/links/keep/use", { token, days, reason });
    put("kept", `${document.querySelector('[data-put="instance"]').textContent} is kept`);
    put("until", done.until ? `until ${own(Date.parse(done.until))}` : "for good");
    put("then", done.words);
    only("keep-done");
    byId("keep-done").focus();
  } catch (problem) {
    if (problem.status === 409 || problem.status === 0 || problem.status >= 500) {
      error.hidden = false;
      error.textContent = problem.message;
      byId("keep-do").disabled = false;
    } else {
      fault(problem);
    }
  }
}

// Another link opened in the same tab changes the fragment only.
addEventListener("hashchange", () => location.reload());

async function start() {
  startTheme();
  const token = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  document.querySelector("[data-wait]").hidden = false;
  if (!token) {
    fault(new Refused(403, "There is no code in the address."));
    return;
  }
  try {
    ask(token, await send("POST", "/links/keep/look", { token }));
  } catch (problem) {
    fault(problem);
  }
}

start();
