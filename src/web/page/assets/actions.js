// What a person can change: each action asks first in a dialog, then goes as one JSON request.
import { refresh } from "./live.js";
import { send, toast } from "./send.js";

const WITH_REASON = "required";

// `words` says what will happen; `reason` is "required", "optional" or absent; `path` and `body` make the request.
const ACTIONS = {
  hold: {
    title: (d) => `Hold ${d.name}`, words: () => "", verb: "Hold", reason: WITH_REASON, terms: true,
    request: (d, form) => ["POST", `${d.api}/holds`, { seconds: Number(form.get("seconds")), reason: form.get("reason") }],
    done: (d) => `${d.name} is held`,
  },
  lift: {
    title: (d) => `Lift the hold on ${d.name}?`, words: () => "Its policy applies again at once. A stop that is due is still announced first.", verb: "Lift the hold",
    request: (d) => ["DELETE", `/api/v1/holds/${encodeURIComponent(d.id)}`], done: (d) => `The hold on ${d.name} is lifted`,
  },
  stop: {
    title: (d) => `Stop ${d.name} now?`, words: (d) => `${d.name} is stopped at once, without a warning. Whatever runs on it ends; its disk stays.`, verb: "Stop it now", danger: true, reason: "optional",
    request: (d, form) => ["POST", `${d.api}/stop`, { reason: form.get("reason") }], done: (d) => `${d.name} is being stopped`,
  },
  start: {
    title: (d) => `Start ${d.name} now?`, words: (d) => `${d.price ? `It costs ${d.price} an hour` : "It costs by the hour, at a price that is not known,"} until it is stopped again. Its policy leaves alone what a person started, as it says.`, verb: "Start it now", reason: "optional",
    request: (d, form) => ["POST", `${d.api}/start`, { reason: form.get("reason") }], done: (d) => `${d.name} is being started`,
  },
  "keep-off": {
    title: (d) => `Keep ${d.name} off?`, words: () => "Nothing starts it when its hours begin. Whoever wants it starts it by hand as ever; it costs nothing more than it does now.", verb: "Keep it off", reason: WITH_REASON, terms: true,
    request: (d, form) => ["POST", `${d.api}/holds`, { seconds: 86400 * Number(form.get("days")), off: true, reason: form.get("reason") }],
    done: (d) => `${d.name} stays off`,
  },
  keep: {
    title: (d) => `Keep ${d.name}?`, words: () => "It is not proposed for deletion before then, and then only with the whole ladder of notices again.", verb: "Keep it", reason: WITH_REASON, terms: true,
    request: (d, form) => ["POST", `${d.api}/proposal/keep`, { days: form.get("days") ? Number(form.get("days")) : null, reason: form.get("reason") }],
    done: (d) => `${d.name} is kept`,
  },
  confirm: {
    title: (d) => `Delete ${d.name}?`, words: (d) => `${d.loses} It can be taken back until it is sent.`, verb: "Delete it", danger: true, reason: WITH_REASON,
    request: (d, form) => ["POST", `${d.api}/proposal/confirm`, { proposal: d.proposal, reason: form.get("reason") }], done: (d) => `${d.name} will be deleted`,
  },
  withdraw: {
    title: (d) => `Keep ${d.name} for now?`, words: () => "The yes is taken back. The proposal stands, and somebody can say yes again.", verb: "Take it back",
    request: (d) => ["POST", `${d.api}/proposal/withdraw`, {}], done: (d) => `${d.name} is not deleted`,
  },
  freeze: {
    title: () => "Freeze everything?", words: () => "Nothing is stopped anywhere until the freeze is lifted. Machines that nobody uses go on costing.", verb: "Freeze", danger: true, reason: WITH_REASON,
    request: (d, form) => ["POST", "/api/v1/freeze", { reason: form.get("reason") }], done: () => "Frozen: nothing is stopped",
  },
  unfreeze: {
    title: () => "Lift the freeze?", words: () => "Policies apply again. Stops that are due are announced first.", verb: "Lift the freeze",
    request: () => ["DELETE", "/api/v1/freeze"], done: () => "The freeze is lifted",
  },
  acknowledge: {
    title: (d) => `Acknowledge policy ${d.name}?`, words: () => "Its new revision then applies to everything that it governs, not only to the part it is tried on.", verb: "Acknowledge",
    request: (d) => ["POST", `/api/v1/policies/${encodeURIComponent(d.name)}/acknowledge`, {}], done: (d) => `Policy ${d.name} is acknowledged`,
  },
  sweep: {
    title: () => "Sweep now?", words: () => "Every workspace is read and judged now instead of at the next turn. Guards and warnings hold as ever.", verb: "Sweep",
    request: () => ["POST", "/api/v1/sweep", {}], done: () => "A sweep is under way",
  },
};

const byId = (id) => document.getElementById(id);
let now = null;

function say(fault) {
  byId("ask-error").hidden = !fault;
  byId("ask-error").textContent = fault;
}

// "2 h costs 6.12 USD; 40.00 USD left this month"
function cost() {
  const place = byId("ask-cost");
  const choice = byId("ask-terms").querySelector("input[name=seconds]:checked");
  place.hidden = !choice;
  if (!choice) return;
  const left = byId("ask-terms").querySelector("[data-money-left]")?.textContent;
  const [label, price] = [".choice-label", ".choice-price"].map((part) => choice.parentElement.querySelector(part).textContent);
  const words = choice.dataset.unpriced === undefined ? `${label} costs ${price} if it runs throughout` : `What ${label} costs is not known`;
  place.textContent = left ? `${words}; ${left}.` : `${words}.`;
}

function open(button) {
  const action = ACTIONS[button.dataset.action];
  const dialog = byId("ask");
  now = { action, about: { ...button.dataset } };
  byId("ask-title").textContent = action.title(now.about);
  byId("ask-words").textContent = action.words(now.about);
  const terms = action.terms ? button.parentElement.querySelector("template[data-terms]") : null;
  byId("ask-terms").replaceChildren(...(terms ? [terms.content.cloneNode(true)] : []));
  const refused = byId("ask-terms").querySelector(".refused") !== null;
  const reason = byId("ask-reason");
  const input = reason.querySelector("input");
  reason.hidden = !action.reason || refused;
  input.required = action.reason === WITH_REASON && !refused;
  input.value = "";
  reason.querySelector("[data-optional]").textContent = action.reason === "optional" ? "(optional)" : "";
  const press = byId("ask-do");
  press.textContent = action.verb;
  press.disabled = false;
  press.hidden = refused;
  press.classList.toggle("is-danger", Boolean(action.danger));
  say("");
  cost();
  dialog.showModal();
  // What is dangerous starts on Cancel, so that Enter alone does nothing.
  if (action.danger && !input.required) dialog.querySelector("[data-close]").focus();
  else if (input.required) (dialog.querySelector("input[name=seconds]:checked") ?? input).focus();
  else if (!refused) press.focus();
}

async function carryOut(form) {
  const { action, about } = now;
  const given = new FormData(form);
  given.set("reason", String(given.get("reason") ?? "").trim());
  if (action.reason === WITH_REASON && !given.get("reason")) {
    say("Give a reason: it stands on the page and in the record.");
    form.elements.reason.focus();
    return;
  }
  const press = byId("ask-do");
  press.disabled = true;
  say("");
  try {
    await send(...action.request(about, given));
    byId("ask").close();
    toast(action.done(about));
    refresh();
  } catch (fault) {
    say(fault.message);
  }
  press.disabled = false;
}

async function signOut(button) {
  try {
    await send("POST", button.dataset.href, {});
    location.assign("/login");
  } catch (fault) {
    toast(fault.message);
  }
}

export function startActions() {
  const dialog = byId("ask");
  if (!dialog) return;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-action]");
    if (button?.dataset.action === "sign-out") signOut(button);
    else if (button && Object.hasOwn(ACTIONS, button.dataset.action)) open(button);
  });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("change", cost);
  dialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    carryOut(event.target);
  });
}
