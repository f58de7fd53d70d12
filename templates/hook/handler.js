// Written by `comeback setup install --hook`; run that again instead of editing this file.
import { spawn } from "node:child_process";

const BINARY = "@BINARY@";
const RECOVER = ["recover", "--trigger", "startup", "--wait-gateway", "--source", "hook"];
const CAPTURE = ["checkpoint", "capture"];
// The gateway waits for this handler before it restarts; this is the longest that it waits for us.
const CAPTURE_MS = 5000;

// A process of its own outlives this gateway: its next restart must not cut the recovery off.
function start(args) {
  const child = spawn(BINARY, args, { detached: true, stdio: "ignore" });
  child.on("error", (error) => console.error(`[comeback] cannot start ${BINARY}: ${error.message}`));
  child.unref();
  return child;
}

export default async function handler(event) {
  if (event.type !== "gateway") return;
  try {
    if (event.action === "startup") start(RECOVER);
    if (event.action === "pre-restart") {
      const child = start(CAPTURE);
      await new Promise((done) => {
        child.on("exit", done);
        child.on("error", done);
        setTimeout(done, CAPTURE_MS).unref();
      });
    }
  } catch (error) {
    console.error(`[comeback] cannot start ${BINARY}: ${error}`);
  }
}
