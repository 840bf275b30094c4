// Keeps the list current. Text only ever becomes text nodes.
const EVERY_MS = 2000;
const list = document.getElementById("mails");
const empty = document.getElementById("empty");
const news = document.getElementById("news");

function part(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (tag !== "p") made.dir = "auto";
  made.textContent = text;
  return made;
}

function shown(mail) {
  const article = document.createElement("article");
  article.className = "mail";
  article.dataset.number = mail.number;
  const to = part("p", "to", "To ");
  to.append(part("bdi", "", mail.to));
  const text = part("div", "text", "");
  text.append(...mail.parts.map(({ kind, text: words }) => part("p", kind, words)));
  article.append(part("h2", "", mail.subject), to, text);
  return article;
}

async function look() {
  const answer = await fetch("/demo/mailbox.json", { cache: "no-store" });
  const { mails } = await answer.json();
  const known = Number(list.firstElementChild?.dataset.number ?? -1);
  const fresh = mails.filter((mail) => mail.number > known);
  if (!fresh.length && mails.length) return;
  if (mails.length) list.prepend(...fresh.map(shown));
  else list.replaceChildren();
  empty.hidden = mails.length > 0;
  if (fresh.length) news.textContent = `New mail: ${fresh[0].subject}`;
}

async function keepLooking() {
  try {
    if (!document.hidden) await look();
  } catch {
    // the desk restarts: the next look will tell
  }
  setTimeout(keepLooking, EVERY_MS);
}

keepLooking();
