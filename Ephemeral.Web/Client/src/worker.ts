// The Worker's entry: gives the holder its connection and its shelf.
import { Holder } from "./holder";
import { Keep } from "./keep";
import type { FromHolder, ToHolder } from "./messages";
import { Link } from "./socket";
import { log, speak } from "./words";

const shelfPatience = 8_000; // a browser whose storage hangs must not keep the page from being opened

const tell = (message: FromHolder): void => self.postMessage(message);
const env = {
  tell,
  WebSocket,
  setTimeout: (run: () => void, ms: number) => self.setTimeout(run, ms),
  clearTimeout: (timer: number | undefined) => self.clearTimeout(timer),
  now: () => Date.now(),
  random: Math.random,
  crypto,
};
const holder = new Holder(env);
let link: Link | undefined;

async function start(url: string, tabName: string): Promise<void> {
  link = new Link(url, holder, env);
  holder.link = link;
  link.start();
  const browser = { files: () => navigator.storage.getDirectory(), crypto, locks: navigator.locks, setTimeout: env.setTimeout };
  const tooLong = new Promise<undefined>((resolve) => self.setTimeout(() => resolve(undefined), shelfPatience));
  const opened = await Promise.race([Keep.open(tabName, browser), tooLong]).catch(() => undefined);
  if (opened) {
    holder.shelf = opened.keep;
    await holder.restore(opened.found);
  } else {
    tell({ type: "log", at: env.now(), text: log.notKept });
  }
  tell({ type: "ready", name: opened?.keep.name ?? "" });
}

// What was found of an earlier life of this tab comes first: a page in it must not be asked for.
let started: Promise<void> = Promise.resolve();
let speaking: Promise<void> = Promise.resolve();

self.onmessage = ({ data: message }: MessageEvent<ToHolder>) => {
  switch (message.type) {
    case "speak":
      // What can't be loaded is said in English.
      speaking = speak(message.language, message.locale).catch(() => {});
      break;
    case "start":
      started = speaking.then(() => start(message.url, message.name));
      break;
    case "try-now":
      link?.tryNow();
      break;
    case "seen":
      link?.nudge();
      break;
    case "offline":
      link?.offline();
      break;
    case "online":
      link?.renew();
      break;
    default:
      void started.then(() => holder.do(message));
  }
};
