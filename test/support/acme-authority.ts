// A certificate authority for one test, after RFC 8555: it checks challenges, and refuses what a test wants refused.

import { createHash } from "node:crypto";
import { Issuer } from "./issuer.ts";

/** The steps of an order. */
type Step =
  | "directory"
  | "nonce"
  | "account"
  | "order"
  | "authorization"
  | "challenge"
  | "finalize"
  | "certificate";

export interface Authority extends AsyncDisposable {
  /** The URL of the directory. */
  readonly directory: string;
  /** The hosts of orders, in their order. */
  readonly orders: string[];
  /** The accounts that were made. */
  readonly accounts: { contact: string[]; thumbprint: string }[];
  /** The port at which hosts are reached. */
  httpPort: number;
  /** The validity of certificates. */
  days: number;
  /** Nonces that are refused from now on. */
  badNonces: number;
  /** Answers a step in the authority's place, or holds it up. */
  instead: (step: string) => Response | undefined | Promise<undefined>;
  /** PEM of its own certificate, for clients to trust. */
  readonly root: string;
}

interface Order {
  host: string;
  thumbprint: string;
  status: "pending" | "ready" | "valid" | "invalid";
  error?: { type: string; detail: string };
  chain: string;
}

/** The parts of a signed request that are read. */
interface Signed {
  header: { nonce: string; kid?: string; jwk?: { crv: string; kty: string; x: string; y: string } };
  payload: {
    onlyReturnExisting?: boolean;
    termsOfServiceAgreed?: boolean;
    contact?: string[];
    identifiers?: { value: string }[];
    csr?: string;
  };
}

const ERRORS = "urn:ietf:params:acme:error:";
/** The terms in the directory. */
export const TERMS = "https://authority.example/terms";
const TOKEN = "a-token-of-at-least-128-bits";

/** An error of RFC 8555 section 6.7. */
export function refusal(status: number, type: string, detail: string, headers = {}): Response {
  return Response.json({ type: ERRORS + type, detail, status }, { status, headers });
}

/** Starts an authority on a free port of 127.0.0.1. */
export function startAuthority(): Authority {
  const issuer = new Issuer();
  const nonces = new Set<string>();
  const open: Order[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const [, step = "", id = ""] = new URL(request.url).pathname.split("/");
      const response = (await authority.instead(step)) ?? (await answer(request, step, Number(id)));
      const nonce = crypto.randomUUID();
      nonces.add(nonce);
      response.headers.set("replay-nonce", nonce);
      return response;
    },
  });
  const at = (step: Step | "accounts" | "orders", id?: number): string =>
    `http://127.0.0.1:${server.port}/${step}${id === undefined ? "" : `/${id}`}`;

  async function answer(request: Request, step: string, id: number): Promise<Response> {
    if (step === "nonce") return new Response();
    if (step === "directory") {
      const resources = { newNonce: at("nonce"), newAccount: at("account"), newOrder: at("order") };
      return Response.json({ ...resources, meta: { termsOfService: TERMS } });
    }
    const { header, payload } = signed(await request.text());
    if (!nonces.delete(header.nonce) || authority.badNonces > 0) {
      authority.badNonces -= 1;
      return refusal(400, "badNonce", "The nonce is not known.");
    }
    if (step === "account") return account(header, payload);
    if (step === "order") return newOrder(header, payload);
    const order = open[id];
    if (!order) return refusal(404, "malformed", "There is no such order.");
    if (step === "challenge") await check(order);
    if (step === "authorization" || step === "challenge") return authorization(order, id, step);
    if (step === "certificate") return new Response(order.chain);
    if (step === "finalize") {
      order.chain = issuer.sign(Buffer.from(payload.csr ?? "", "base64url"), authority.days);
      order.status = "valid";
    }
    return Response.json(orderBody(order, id));
  }

  function account({ jwk }: Signed["header"], payload: Signed["payload"]): Response {
    const { crv, kty, x, y } = jwk ?? {};
    const members = JSON.stringify({ crv, kty, x, y });
    const thumbprint = createHash("sha256").update(members).digest("base64url");
    const found = authority.accounts.findIndex((one) => one.thumbprint === thumbprint);
    if (found === -1 && payload.onlyReturnExisting)
      return refusal(400, "accountDoesNotExist", "There is no such account.");
    if (found === -1 && !payload.termsOfServiceAgreed)
      return refusal(400, "userActionRequired", "The terms are not accepted.");
    if (found === -1) authority.accounts.push({ contact: payload.contact ?? [], thumbprint });
    const location = at("accounts", found === -1 ? authority.accounts.length - 1 : found);
    return Response.json({ status: "valid" }, { status: found === -1 ? 201 : 200, headers: { location } });
  }

  function newOrder({ kid = "" }: Signed["header"], { identifiers = [] }: Signed["payload"]): Response {
    const host = identifiers[0]?.value ?? "";
    const account = authority.accounts[Number(kid.split("/").at(-1))];
    if (!account) return refusal(401, "unauthorized", "There is no such account.");
    authority.orders.push(host);
    const order: Order = { host, thumbprint: account.thumbprint, status: "pending", chain: "" };
    const id = open.push(order) - 1;
    return Response.json(orderBody(order, id), { status: 201, headers: { location: at("orders", id) } });
  }

  /** Looks for the proof where RFC 8555 section 8.3 says, whatever the DNS says. */
  async function check(order: Order): Promise<void> {
    const url = `http://127.0.0.1:${authority.httpPort}/.well-known/acme-challenge/${TOKEN}`;
    const found = await fetch(url, { headers: { host: order.host } }).then(
      (response) => response.text(),
      (error: unknown) => String(error),
    );
    order.status = found === `${TOKEN}.${order.thumbprint}` ? "ready" : "invalid";
    if (order.status === "invalid")
      order.error = {
        type: `${ERRORS}unauthorized`,
        detail: `Invalid response from ${order.host}: ${found}`,
      };
  }

  function authorization(order: Order, id: number, step: "authorization" | "challenge"): Response {
    const status = order.status === "ready" ? "valid" : order.status;
    const error = order.error && { error: order.error };
    const challenge = { type: "http-01", url: at("challenge", id), token: TOKEN, status, ...error };
    if (step === "challenge") return Response.json(challenge);
    return Response.json({ identifier: { type: "dns", value: order.host }, status, challenges: [challenge] });
  }

  function orderBody({ host, status }: Order, id: number): object {
    const certificate = status === "valid" && { certificate: at("certificate", id) };
    const identifiers = [{ type: "dns", value: host }];
    const steps = { authorizations: [at("authorization", id)], finalize: at("finalize", id) };
    return { status, identifiers, ...steps, ...certificate };
  }

  const authority: Authority = {
    directory: at("directory"),
    orders: [],
    accounts: [],
    httpPort: 0,
    days: 90,
    badNonces: 0,
    instead: () => undefined,
    root: issuer.root,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
  return authority;
}

/** Reads a flattened JWS, without its signature. */
function signed(text: string): Signed {
  const jws: { protected: string; payload: string } = JSON.parse(text);
  const decode = (text: string) => JSON.parse(Buffer.from(text, "base64url").toString() || "{}");
  return { header: decode(jws.protected), payload: decode(jws.payload) };
}
