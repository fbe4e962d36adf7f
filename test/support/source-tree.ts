// Parses the tree in ARCHITECTURE.md, and finds cycles in a graph of imports.

/** The folders (with a trailing slash) and files of an indented tree, with the description of each. */
export function tree(text: string): Map<string, string> {
  const found = new Map<string, string>();
  const folders: string[] = [];
  for (const line of text.split("\n")) {
    const [, indent = "", name = "", words = ""] = /^( *)(\S+) *(.*)$/.exec(line) ?? [];
    const depth = indent.length / 2;
    folders.length = depth;
    if (name !== "src/") found.set([...folders, name].join("/"), words);
    if (name.endsWith("/")) folders[depth] = name.slice(0, -1);
  }
  return found;
}

/** Groups of files that import each other, directly or through others (Tarjan's strongly connected components). */
export function circles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const index = new Map<string, number>();
  const open: string[] = [];
  const visit = (file: string): number => {
    index.set(file, index.size);
    let lowest = index.size - 1;
    open.push(file);
    for (const target of imports.get(file) ?? []) {
      if (!index.has(target)) lowest = Math.min(lowest, visit(target));
      else if (open.includes(target)) lowest = Math.min(lowest, index.get(target) ?? lowest);
    }
    if (lowest !== index.get(file)) return lowest;
    const group = open.splice(open.indexOf(file));
    if (group.length > 1) found.push(group.toSorted());
    return lowest;
  };
  for (const file of imports.keys()) if (!index.has(file)) visit(file);
  return found;
}
