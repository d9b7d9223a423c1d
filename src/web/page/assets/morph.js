// Makes an element's content equal to another's by the least change, so that focus, scroll, selection, open details
// and what is being typed stay as they are.
const KEPT = { DETAILS: ["open"], DIALOG: ["open"], INPUT: ["value"], OPTION: [] };

const keyOf = (node) => (node.nodeType === 1 ? node.id || node.getAttribute("data-key") : null);
const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

function attributes(from, to) {
  const kept = new Set(KEPT[from.nodeName] ?? []);
  if (from.dataset && "action" in from.dataset) kept.add("hidden");
  if (from.nodeName === "TIME") kept.add("title").add("data-near");
  if (from.hasAttribute("tabindex") && from.hasAttribute("data-row")) kept.add("tabindex");
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && !kept.has(name)) from.removeAttribute(name);
  }
  for (const { name, value } of [...to.attributes]) {
    if (!kept.has(name) && from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
}

function fields(from, to) {
  if (from === document.activeElement) return;
  if (from.nodeName === "INPUT" && from.type !== "radio") from.value = to.getAttribute("value") ?? "";
  if (from.nodeName === "OPTION") from.selected = to.hasAttribute("selected");
}

function element(from, to) {
  const sameTime = from.nodeName === "TIME" && from.getAttribute("datetime") === to.getAttribute("datetime");
  attributes(from, to);
  fields(from, to);
  if (from.nodeName === "TEMPLATE") {
    if (from.innerHTML !== to.innerHTML) from.innerHTML = to.innerHTML;
  } else if (!sameTime) {
    children(from, to);
  }
}

function node(from, to) {
  if (from.nodeType === 1) element(from, to);
  else if (from.data !== to.data) from.data = to.data;
}

// Removes a node and gives the one after it.
function dropped(node) {
  const after = node.nextSibling;
  node.remove();
  return after;
}

function children(from, to) {
  const keyed = new Map([...from.children].map((child) => [keyOf(child), child]).filter(([key]) => key));
  const wanted = new Set([...to.children].map(keyOf).filter(Boolean));
  let at = from.firstChild;
  for (const next of [...to.childNodes]) {
    // What has gone is dropped here, so that what stays need not be moved.
    const known = keyOf(next) ? keyed.get(keyOf(next)) : null;
    const gone = (node) => (keyOf(node) ? !wanted.has(keyOf(node)) : Boolean(known));
    while (at && at !== known && gone(at)) at = dropped(at);
    if (known && known.nodeName === next.nodeName && known.parentNode === from) {
      if (known === at) at = at.nextSibling;
      else from.insertBefore(known, at);
      node(known, next);
    } else if (at && alike(at, next)) {
      const same = at;
      at = at.nextSibling;
      node(same, next);
    } else {
      from.insertBefore(document.importNode(next, true), at);
    }
  }
  while (at) at = dropped(at);
}

export function morph(from, to) {
  const focus = document.activeElement;
  element(from, to);
  if (focus && focus !== document.activeElement && focus.isConnected) focus.focus({ preventScroll: true });
}
