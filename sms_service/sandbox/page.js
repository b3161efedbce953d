// Keeps the page live: asks for it again every second and takes over only what has changed.
// The server draws everything, so the page reads the same without this file.
"use strict";

const phones = document.getElementById("phones");
let tag = "";

const atEnd = (thread) => thread.scrollHeight - thread.scrollTop - thread.clientHeight < 48;
const toEnd = (thread) => { thread.scrollTop = thread.scrollHeight; };

function takeOver(card, fresh) {
  for (const part of [".head", ".thread"]) {
    const old = card.querySelector(part);
    const now = fresh.querySelector(part);
    if (old.innerHTML === now.innerHTML) continue;
    const follow = part === ".thread" && atEnd(old);
    const known = new Set([...old.querySelectorAll("[data-id]")].map((bubble) => bubble.dataset.id));
    for (const bubble of now.querySelectorAll("[data-id]")) {
      if (!known.has(bubble.dataset.id)) bubble.classList.add("fresh");
    }
    // Content is replaced inside the element, so that focus and scroll position stay.
    old.replaceChildren(...now.childNodes);
    if (follow) toEnd(old);
  }
}

function show(page) {
  for (const id of ["clock", "count"]) {
    document.getElementById(id).innerHTML = page.getElementById(id).innerHTML;
  }
  const wanted = [...page.getElementById("phones").children];
  const kept = new Set(wanted.map((card) => card.id));
  for (const card of [...phones.children]) {
    if (!card.id || !kept.has(card.id)) card.remove();
  }
  wanted.forEach((fresh, place) => {
    const card = fresh.id && document.getElementById(fresh.id);
    if (card) {
      takeOver(card, fresh);
      return;
    }
    phones.insertBefore(fresh, phones.children[place] || null);
    const thread = fresh.querySelector(".thread");
    if (thread) toEnd(thread);
  });
}

async function refresh() {
  const answer = await fetch(location.pathname + location.search, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
  if (answer.status !== 200) return;
  tag = answer.headers.get("ETag") || "";
  show(new DOMParser().parseFromString(await answer.text(), "text/html"));
}

async function keepLive() {
  try {
    if (!document.hidden) await refresh();
  } catch {
    tag = ""; // the sandbox is restarting; the next round will find it
  }
  setTimeout(keepLive, 1000);
}

phones.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.number) return;
  event.preventDefault();
  const field = form.elements.body;
  const quick = event.submitter && event.submitter.name === "quick" ? event.submitter.value : "";
  const body = quick || field.value.trim();
  if (!body) return;
  const answer = await fetch(`/sandbox/phones/${encodeURIComponent(form.dataset.number)}/reply`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ body }),
  });
  if (!answer.ok) return;
  if (!quick) field.value = "";
  await refresh();
  toEnd(form.closest(".phone").querySelector(".thread"));
});

let typing;
document.querySelector(".search input").addEventListener("input", (event) => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    const words = event.target.value.trim();
    history.replaceState(null, "", words ? `/?q=${encodeURIComponent(words)}` : "/");
    tag = "";
    refresh().catch(() => {});
  }, 200);
});

document.querySelectorAll(".thread").forEach(toEnd);
setTimeout(keepLive, 1000);
