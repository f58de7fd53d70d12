// Written by `comeback setup install --hook`; run that again instead of editing this file.
import { spawn } from "node:child_process";

const BINARY = "@BINARY@";
const ARGUMENTS = ["recover", "--trigger", "startup", "--wait-gateway"];

// A process of its own outlives this gateway: its next restart must not cut the recovery off.
export default function handler(event) {
  if (event.type !== "gateway" || event.action !== "startup") return;
  try {
    const child = spawn(BINARY, ARGUMENTS, { detached: true, stdio: "ignore" });
    child.on("error", (error) => console.error(`[comeback] cannot start ${BINARY}: ${error.message}`));
    child.unref();
  } catch (error) {
    console.error(`[comeback] cannot start ${BINARY}: ${error}`);
  }
}
