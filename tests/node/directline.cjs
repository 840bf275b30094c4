// Holds a conversation through botframework-directlinejs, as a page would, and prints what happened as JSON.
//
//   node directline.cjs DOMAIN TOKEN SCENARIO.json        (SCENARIO "-" reads standard input)
//
// A scenario: {"webSocket": true, "pollingIntervalMs": 200, "deadlineMs": 60000, "conversationId": "", "watermark": "",
//              "steps": [...]}. Steps, done in order:
//   {"say": "words", "clientActivityID": "optional"}   post a message and wait until the server took it
//   {"post": {activity}}                                post any activity
//   {"expect": "part of a text", "from": "bot"}         wait for an activity that no earlier step waited for; "from"
//                                                       is "bot" (the default), "user" or "any"
//   {"expectCard": "part of a title"}                   the same for an Adaptive Card
//   {"press": "button title"}                           say what a suggested action seen before says
//   {"submit": {"field": "value"}}                      post what a filled card posts
//   {"killSocket": true}                                cut the connection under the client, without a farewell
//   {"refresh": true}                                   ask for a new token now instead of after 15 minutes
//   {"status": 3}                                       wait for a connection status
//   {"sleepMs": 500}
//   {"mark": "name"}                                    print "MARK name" on standard error: the harness may act now
// Printed: {"ok", "failed", "activities", "typing", "statuses", "posts", "sockets"}; exit code 0 when every step was done.

"use strict";

const { readFileSync } = require("node:fs");

global.XMLHttpRequest = require("xhr2");
const RealSocket = require("ws");

const sockets = [];
global.WebSocket = class extends RealSocket {
  constructor(...options) {
    super(...options);
    sockets.push(this);
  }
};
for (const level of ["log", "warn", "info", "debug"]) console[level] = () => undefined;

const { DirectLine, ConnectionStatus } = require("botframework-directlinejs");

const [domain, token, scenarioFile] = process.argv.slice(2);
const scenario = JSON.parse(readFileSync(scenarioFile === "-" ? 0 : scenarioFile, "utf8"));
const webSocket = scenario.webSocket !== false;
const deadline = Date.now() + (scenario.deadlineMs ?? 60_000);

const activities = [];
const typing = [];
const statuses = [];
const posts = [];
let taken = 0;
let streamError = null;

const line = new DirectLine({
  domain,
  token,
  webSocket,
  pollingInterval: scenario.pollingIntervalMs ?? 200,
  random: () => 0,
  ...(scenario.conversationId ? { conversationId: scenario.conversationId } : {}),
  ...(scenario.watermark ? { watermark: scenario.watermark } : {}),
});

line.connectionStatus$.subscribe((status) => statuses.push(status));
line.activity$.subscribe(
  (activity) => (activity.type === "typing" ? typing : activities).push(activity),
  (error) => (streamError = String(error?.message ?? error)),
);

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what, check) {
  for (;;) {
    const found = check();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await sleep(10);
  }
}

function post(activity) {
  const clientActivityID = activity.channelData?.clientActivityID ?? `n${posts.length}.${Math.random().toString(36).slice(2)}`;
  const sent = { ...activity, channelData: { ...activity.channelData, clientActivityID } };
  const record = { clientActivityID, text: activity.text ?? null, id: null, error: null };
  posts.push(record);
  return new Promise((resolve) => {
    line.postActivity({ from: { id: "page", role: "user" }, locale: "en-GB", ...sent }).subscribe(
      (id) => resolve((record.id = id)),
      (error) => resolve((record.error = error?.status ?? String(error))),
    );
  });
}

function take(matches) {
  const index = activities.findIndex((activity, place) => place >= taken && matches(activity));
  if (index < 0) return false;
  taken = index + 1;
  return true;
}

const includes = (whole, part) => (whole ?? "").toLowerCase().includes(part.toLowerCase());
const role = (activity, wanted) => wanted === "any" || activity.from?.role === (wanted ?? "bot");
const cardTitled = (activity, title) =>
  (activity.attachments ?? []).some((one) => includes(JSON.stringify(one.content?.body?.[0]), title));

const steps = {
  say: (step) => post({ type: "message", text: step.say, ...(step.clientActivityID ? { channelData: { clientActivityID: step.clientActivityID } } : {}) }),
  post: (step) => post(step.post),
  submit: (step) => post({ type: "message", value: step.submit }),
  press: async (step) => {
    const button = [...activities]
      .reverse()
      .flatMap((activity) => activity.suggestedActions?.actions ?? [])
      .find((action) => action.title === step.press);
    if (!button) throw new Error(`no button ${JSON.stringify(step.press)} was offered`);
    await post({ type: "message", text: button.value });
  },
  expect: (step) =>
    until(JSON.stringify(step.expect), () => take((one) => role(one, step.from) && includes(one.text, step.expect))),
  expectCard: (step) => until(`a card ${step.expectCard}`, () => take((one) => cardTitled(one, step.expectCard))),
  killSocket: async () => {
    const socket = await until("an open socket", () => sockets.findLast((one) => one.readyState === 1));
    socket.terminate();
  },
  refresh: () =>
    new Promise((resolve) => line.refreshToken().subscribe((fresh) => resolve((line.token = fresh)), () => resolve(null))),
  status: (step) => until(`status ${step.status}`, () => statuses.at(-1) === step.status),
  sleepMs: (step) => sleep(step.sleepMs),
  mark: async (step) => void process.stderr.write(`MARK ${step.mark}\n`),
};

async function main() {
  let failed = null;
  await until("a connection", () => statuses.some((one) => one > ConnectionStatus.Connecting)).catch((error) => (failed = error.message));
  for (const [number, step] of (scenario.steps ?? []).entries()) {
    if (failed) break;
    const name = Object.keys(step).find((key) => key in steps);
    try {
      if (!name) throw new Error(`unknown step ${JSON.stringify(step)}`);
      await steps[name](step);
    } catch (error) {
      failed = `step ${number + 1}: ${error.message}`;
    }
  }
  const report = { ok: !failed, failed, streamError, activities, typing, statuses, posts, sockets: sockets.length };
  process.stdout.write(JSON.stringify(report), () => process.exit(failed ? 1 : 0));
}

main();
