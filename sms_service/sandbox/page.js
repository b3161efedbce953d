// Keeps the page live: asks every second what changed and takes over only that.
// The server draws everything, so the page reads the same without this file.

const element = (id) => document.getElementById(id);
const phones = element("phones");
const every = 1000;
let tag = document.body.dataset.tag;
let turn = 0;

const drawn = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
};

// Compared as the browser writes it: what stays the same must not be read aloud again.
const put = (target, html) => {
  const holder = document.createElement("div");
  holder.append(drawn(html));
  if (holder.innerHTML !== target.innerHTML) target.replaceChildren(...holder.childNodes);
};

const said = (name, item) =>
  item.classList.contains("lost")
    ? `Text to ${name}: ${item.querySelector(".state").textContent}`
    : `New text to ${name}: ${item.querySelector("p").textContent.slice(0, 200)}`;

// What is already there stays the same node: focus, scroll position and a half-typed reply survive.
function fold(list, fresh, news, name) {
  const known = new Map([...list.children].map((item) => [item.dataset.key, item]));
  const wanted = [...fresh.children].map((item) => {
    const old = known.get(item.dataset.key);
    if (!old) {
      item.classList.add("fresh");
      if (item.classList.contains("theirs")) news.push(said(name, item));
      return item;
    }
    if (old.innerHTML !== item.innerHTML) {
      if (item.classList.contains("lost") && !old.classList.contains("lost")) news.push(said(name, item));
      old.className = item.className;
      old.replaceChildren(...item.childNodes);
    }
    return old;
  });
  const kept = new Set(wanted);
  for (const item of [...list.children]) if (!kept.has(item)) item.remove();
  wanted.forEach((item, place) => {
    if (list.children[place] !== item) list.insertBefore(item, list.children[place] || null);
  });
}

function takeOver(card, fresh, news) {
  put(card.querySelector(".head"), fresh.querySelector(".head").innerHTML);
  fold(card.querySelector("ol"), fresh.querySelector("ol"), news, fresh.querySelector("h2").textContent);
  const [composer, now] = [card.querySelector(".composer"), fresh.querySelector(".composer")];
  if (composer.tagName !== now.tagName) composer.replaceWith(now);
}

// One sentence for however much came at once: a screen reader must not read forty phones aloud.
function announce(news) {
  if (news.length) element("news").textContent = news.length === 1 ? news[0] : `${news.length} new texts`;
}

function show(changes, news) {
  put(element("clock"), changes.clock);
  put(element("count"), changes.count);
  const kept = new Set(changes.order);
  for (const card of [...phones.children]) if (!kept.has(card.id)) card.remove();
  if (changes.nothing) phones.replaceChildren(drawn(changes.nothing));
  changes.order.forEach((id, place) => {
    const fresh = id in changes.cards && drawn(changes.cards[id]).firstElementChild;
    const card = element(id);
    if (card && fresh) takeOver(card, fresh, news);
    if (card || !fresh) return;
    phones.insertBefore(fresh, phones.children[place] || null);
    const last = fresh.querySelector(".theirs:last-child");
    if (last) news.push(said(fresh.querySelector("h2").textContent, last));
  });
  return changes.order.every((id) => element(id));
}

function complain(words) {
  const trouble = element("trouble");
  if (trouble.textContent !== words) trouble.textContent = words;
  trouble.hidden = !words;
}

// Returns null where nothing is new, and where the sandbox does not answer.
async function ask(since) {
  const query = new URLSearchParams(location.search);
  query.set("since", since);
  try {
    const answer = await fetch(`/changes?${query}`, { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    const changes = answer.status === 204 ? null : await answer.json();
    complain("");
    return changes;
  } catch {
    complain("The sandbox does not answer. This page goes on by itself when it does.");
    return null;
  }
}

async function refresh(since) {
  const mine = ++turn;
  const changes = await ask(since);
  if (!changes || mine !== turn) return;
  const news = [];
  // A phone that moved into sight without changing is not among the changes: begin anew.
  tag = show(changes, news) ? changes.tag : "";
  if (since) announce(news);
}

async function keepLive() {
  try {
    if (!document.hidden) await refresh(tag);
  } finally {
    setTimeout(keepLive, every);
  }
}

async function reply(form, body) {
  const answer = await fetch(`/sandbox/phones/${encodeURIComponent(form.dataset.number)}/reply`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ body }),
  });
  return answer.ok ? "" : (await answer.json()).error;
}

phones.addEventListener("submit", async (event) => {
  const form = event.target;
  const field = form.elements.body;
  const quick = event.submitter?.name === "quick" ? event.submitter.value : "";
  const body = quick || field.value.trim();
  event.preventDefault();
  if (!body || form.ariaBusy) return;
  form.ariaBusy = "true";
  const problem = await reply(form, body).catch(() => "The sandbox does not answer. Try again.");
  form.ariaBusy = null;
  if (problem) {
    field.setCustomValidity(problem);
    field.reportValidity();
    return;
  }
  if (!quick) field.value = "";
  await refresh(tag);
  form.closest(".phone").querySelector(".thread").scrollTop = 0; // the thread begins at its end
});

phones.addEventListener("input", (event) => event.target.setCustomValidity(""));

let typing;
document.querySelector(".search").addEventListener("input", (event) => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    const words = event.target.value.trim();
    history.replaceState(null, "", words ? `/?q=${encodeURIComponent(words)}` : "/");
    tag = "";
    refresh(tag);
  }, 200);
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh(tag);
});

setTimeout(keepLive, every);
