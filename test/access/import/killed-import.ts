// A program that is killed while it imports: the arguments are the database, and the number of rules written before.

import { openDatabase } from "../../../src/access/database/open.ts";
import { readFilebrowser } from "../../../src/access/import/filebrowser/filebrowser.ts";
import { saveImport } from "../../../src/access/import/save-import.ts";
import { large } from "./filebrowser/fixtures.ts";

const [file = "", last = ""] = process.argv.slice(2);
const database = openDatabase(file, { create: true });
const imported = readFilebrowser(large, Date.now());
const rules = imported.rules.map((rule, index) => ({
  ...rule,
  get words() {
    if (index === Number(last)) process.kill(process.pid, "SIGKILL");
    return rule.words;
  },
}));
saveImport(database, { ...imported, rules }, () => "file");
