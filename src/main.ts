// The entry point: parses the command line and runs serve, doctor, top or a command on accounts.

import { readCommand } from "./cli/cli.ts";
import { runCommand } from "./cli/commands/commands.ts";
import { processConsole } from "./cli/console/process-console.ts";
import { doctor } from "./doctor/doctor.ts";
import { serve } from "./serve.ts";
import { top } from "./top/top.ts";

const terminal = {
  colours: process.stdout.isTTY === true && !process.env.NO_COLOR,
  columns: process.stdout.columns ?? 80,
};
const command = await readCommand(process.argv.slice(2), process.env, terminal);

switch (command.kind) {
  case "print":
    process.stdout.write(command.text);
    break;
  case "wrong":
    process.stderr.write(command.text);
    process.exitCode = 2;
    break;
  case "manage":
    process.exitCode = await runCommand(command.argv, processConsole());
    break;
  case "doctor":
    process.exit(await doctor(command.subject, { json: command.json, terminal }));
    break;
  case "top":
    process.exit(await top(command.url, { ...command, terminal }));
    break;
  case "serve":
    process.exitCode = await serve(command.config, { setup: command.setup ?? false });
    process.exit();
}
