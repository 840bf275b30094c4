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
  const to = part("p", "to", "To ");
  to.append(part("bdi", "", mail.to));
  article.append(part("h2", "", mail.subject), to, part("div", "text", mail.text));
  return article;
}

async function look() {
  const answer = await fetch("/demo/mailbox.json", { cache: "no-store" });
  const { mails } = await answer.json();
  const fresh = mails.length - list.children.length;
  const same = fresh === 0 && (!mails.length || list.querySelector("h2")?.textContent === mails[0].subject);
  if (same) return;
  if (fresh > 0) list.prepend(...mails.slice(0, fresh).map(shown));
  else list.replaceChildren(...mails.map(shown));
  empty.hidden = mails.length > 0;
  if (fresh > 0) news.textContent = `New mail: ${mails[0].subject}`;
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
