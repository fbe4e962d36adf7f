// A load program: sends wrong logins without a pause until its standard input is closed, then prints the numbers of answers.
// usage: bun log-in.ts '{"url": …, "connections": 12}'; each login has a name of its own, so that none is refused unchecked

export {};

const order: { url: string; connections: number } = JSON.parse(process.argv[2] ?? "{}");
const statuses: Record<string, number> = {};
let sent = 0;
let ending = false;

async function logIn(): Promise<void> {
  while (!ending) {
    sent += 1;
    const answer = await fetch(order.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: `name-${sent}`, password: "wrong password" }),
    });
    await answer.arrayBuffer();
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
  }
}

const logins = Array.from({ length: order.connections }, logIn);
await Bun.stdin.text();
ending = true;
await Promise.all(logins);
console.log(JSON.stringify({ statuses }));
