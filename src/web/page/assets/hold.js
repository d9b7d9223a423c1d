// The page behind the link in a warning. Only a press changes something, and the token never stays in the address.
import { Refused, send } from "./send.js";
import { own, relative } from "./times.js";
import { startTheme } from "./toggle.js";

const HEADS = {
  403: ["This link is not valid", "It was changed or cut on its way. Open it again from the warning, or copy the whole of it."],
  409: ["The hold was declined", ""],
  410: ["This link has been used, or its time is over", "A link holds once. If the machine is still needed, hold it on its own page."],
};
const byId = (id) => document.getElementById(id);
const put = (name, words) => { document.querySelector(`[data-put="${name}"]`).textContent = words ?? ""; };

function only(id) {
  for (const part of ["hold-wait", "hold-ask", "hold-done", "hold-fault"]) byId(part).hidden = part !== id;
}

function fault(problem) {
  const known = HEADS[problem instanceof Refused ? problem.status : 0];
  put("fault-head", known?.[0] ?? "This did not work");
  // what the service says is a fragment, and stands here as a sentence
  const said = problem.message.replace(/^./u, (first) => first.toUpperCase()).replace(/[^.]$/u, "$&.");
  put("fault-words", [known?.[1], said].filter(Boolean).join(" "));
  only("hold-fault");
  byId("hold-fault").focus();
}

function costs(choice) {
  const price = choice.price ? `costs ${choice.price} if it runs throughout` : "at a price that is not known";
  return `Held until ${own(Date.parse(choice.until.iso))}${choice.until.local ? ` (${choice.until.local} by its policy)` : ""}; ${price}.`;
}

function choice(c, first) {
  const label = document.createElement("label");
  const input = Object.assign(document.createElement("input"), { type: "radio", name: "seconds", value: String(c.seconds), checked: first });
  const [name, price] = [document.createElement("span"), document.createElement("span")];
  label.className = "choice";
  name.className = "choice-label";
  price.className = "choice-price";
  name.textContent = c.label;
  price.textContent = c.price ?? "price unknown";
  label.append(input, name, price);
  return label;
}

function stopsAt(told) {
  if (!told.stops_at) {
    put("stops", "No stop is due.");
    return;
  }
  const at = Date.parse(told.stops_at.iso);
  put("stops", `Stops ${own(at)}${told.stops_at.local ? ` (${told.stops_at.local} by its policy)` : ""},`);
  const tick = () => put("rel", relative(at));
  tick();
  setInterval(tick, 1000);
}

function ask(token, told) {
  put("instance", told.instance);
  put("workspace", told.workspace);
  put("owner", told.owner ? ` · ${told.owner}` : "");
  put("why", told.why);
  put("left", told.left);
  stopsAt(told);
  const form = byId("hold-form");
  const choices = told.choices ?? [];
  byId("hold-choices").replaceChildren(...choices.map((c, i) => choice(c, i === 0)));
  const say = () => {
    const picked = choices.find((c) => String(c.seconds) === form.elements.seconds?.value);
    byId("hold-cost").textContent = picked ? costs(picked) : "";
    byId("hold-do").textContent = picked ? `Hold for ${picked.label}` : "Hold";
  };
  form.addEventListener("change", say);
  say();
  if (told.refused || choices.length === 0) {
    form.hidden = true;
    put("left", told.refused ?? "It cannot be held now.");
  }
  only("hold-ask");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    press(token, form);
  });
}

async function press(token, form) {
  const given = new FormData(form);
  const reason = String(given.get("reason")).trim();
  const error = byId("hold-error");
  error.hidden = Boolean(reason);
  if (!reason) {
    error.textContent = "Give a reason: it stands on the page and in the record.";
    form.elements.reason.focus();
    return;
  }
  byId("hold-do").disabled = true;
  try {
    const done = await send("POST", "/links/use", { token, seconds: Number(given.get("seconds")), reason });
    const until = Date.parse(done.held_until.iso);
    put("held", `${document.querySelector('[data-put="instance"]').textContent} is held`);
    put("until", `until ${own(until)}${done.held_until.local ? ` (${done.held_until.local} by its policy)` : ""}`);
    put("words", done.words);
    only("hold-done");
    byId("hold-done").focus();
  } catch (problem) {
    if (problem.status === 409 || problem.status === 0 || problem.status >= 500) {
      error.hidden = false;
      error.textContent = problem.message;
      byId("hold-do").disabled = false;
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
    ask(token, await send("POST", "/links/look", { token }));
  } catch (problem) {
    fault(problem);
  }
}

start();
