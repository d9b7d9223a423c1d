// The page behind the link in a warning. Only a press changes something: it holds the instance for a while.
import { byId, put, startLinked } from "./linked.js";
import { own, relative } from "./times.js";

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

function show(told, form) {
  put("instance", told.instance);
  put("workspace", told.workspace);
  put("owner", told.owner ? ` · ${told.owner}` : "");
  put("why", told.why);
  put("left", told.left);
  stopsAt(told);
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
}

function done(answer) {
  const until = answer.held_until;
  put("held", `${document.querySelector('[data-put="instance"]').textContent} is held`);
  put("until", `until ${own(Date.parse(until.iso))}${until.local ? ` (${until.local} by its policy)` : ""}`);
  put("words", answer.words);
}

startLinked({
  kind: "hold",
  heads: {
    403: ["This link is not valid", "It was changed or cut on its way. Open it again from the warning, or copy the whole of it."],
    409: ["The hold was declined", ""],
    410: ["This link has been used, or its time is over", "A link holds once. If the machine is still needed, hold it on its own page."],
  },
  look: "/links/look",
  use: "/links/use",
  show,
  body: (given) => ({ seconds: Number(given.get("seconds")) }),
  done,
});
