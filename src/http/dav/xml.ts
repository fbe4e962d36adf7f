// Reads the XML of WebDAV requests into a small tree: with namespaces, without entities and document types, within bounds.

import { SaxesParser } from "saxes";
import { Problem } from "../../errors.ts";

/** Elements inside each other. Without a limit, the parser's time grows with the square of the depth. */
const MAX_DEPTH = 64;
/** Elements, attributes and texts of a document: each takes some 10 µs. Clients send a hundred. */
const MAX_PARTS = 5000;
/** Characters of a namespace, and of a name in it: each element that is written declares its own. */
const MAX_NAME = 256;
/** The namespace of `xml:lang`: its prefix needs no declaration, and it must not become the default one. */
const XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace";

export interface XmlElement {
  /** `{namespace}local`, such as `{DAV:}prop`; `{}local` without a namespace. */
  name: string;
  children: XmlElement[];
  /** The text directly inside, without that of children. */
  text: string;
  /** Everything in the element, as XML that declares its own namespaces. */
  content: () => string;
  /** The element itself with everything in it, likewise. */
  outer: () => string;
}

/** The name of a property or element of RFC 4918. */
export const dav = (local: string): string => `{DAV:}${local}`;

/** The first child with a name. */
export function childOf({ children }: XmlElement, name: string): XmlElement | undefined {
  return children.find((child) => child.name === name);
}

/** A child, or a run of text between children. */
type Node = Element | string;

class Element implements XmlElement {
  readonly children: XmlElement[] = [];
  readonly nodes: Node[] = [];

  constructor(
    readonly name: string,
    readonly attributes: readonly { name: string; value: string }[],
  ) {}

  get text(): string {
    return this.nodes.filter((node) => typeof node === "string").join("");
  }

  content(): string {
    return this.nodes.map((node) => (typeof node === "string" ? escapeXml(node) : node.outer())).join("");
  }

  outer(): string {
    const { start, end } = namesOfTags(this.name);
    return `<${start}${attributesOf(this.attributes)}>${this.content()}</${end}>`;
  }
}

/** Each element declares its own default namespace: the prefixes of the request are not known where the text is used. */
function namesOfTags(name: string): { start: string; end: string } {
  const [namespace, local] = splitName(name);
  if (namespace === XML_NAMESPACE) return { start: `xml:${local}`, end: `xml:${local}` };
  return { start: `${local} xmlns="${escapeAttribute(namespace)}"`, end: local };
}

function attributesOf(attributes: Element["attributes"]): string {
  const prefixes = new Map([
    ["", ""],
    [XML_NAMESPACE, "xml:"],
  ]);
  let text = "";
  for (const { name, value } of attributes) {
    const [namespace, local] = splitName(name);
    let prefix = prefixes.get(namespace);
    if (prefix === undefined) {
      const declared = prefixes.size === 2 ? "a" : `a${prefixes.size - 1}`;
      text += ` xmlns:${declared}="${escapeAttribute(namespace)}"`;
      prefix = `${declared}:`;
      prefixes.set(namespace, prefix);
    }
    text += ` ${prefix}${local}="${escapeAttribute(value)}"`;
  }
  return text;
}

/** Splits `{namespace}local`. */
function splitName(name: string): [namespace: string, local: string] {
  const end = name.lastIndexOf("}");
  return [name.slice(1, end), name.slice(end + 1)];
}

/** The tags of an element: for its content to be put between them, and of an empty one. */
interface Tags {
  start: string;
  end: string;
  empty: string;
}

export function tagsOf(name: string): Tags {
  const [namespace, local] = splitName(name);
  if (namespace === "DAV:") return { start: `<D:${local}>`, end: `</D:${local}>`, empty: `<D:${local}/>` };
  const { start, end } = namesOfTags(name);
  return { start: `<${start}>`, end: `</${end}>`, empty: `<${start}/>` };
}

/** An empty element with this name, or one with the given XML inside. */
export function elementOf(name: string, inside = ""): string {
  const { start, end, empty } = tagsOf(name);
  return inside === "" ? empty : start + inside + end;
}

/** Escapes text for elements and attributes; characters that no XML may contain become U+FFFD. */
export function escapeXml(text: string): string {
  // Almost every name needs no escape.
  if (!/[^ !#-%(-;=?-~]/.test(text)) return text;
  return text
    .toWellFormed()
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\r", "&#13;");
}

/** As `escapeXml`; a parser would read a line break or tab in an attribute as a space. */
function escapeAttribute(text: string): string {
  return escapeXml(text).replaceAll("\n", "&#10;").replaceAll("\t", "&#9;");
}

/**
 * Parses a document.
 * @returns its root element
 * @throws Problem invalid_request
 */
export function parseXml(text: string): XmlElement {
  const parser = new SaxesParser({ xmlns: true });
  const open: Element[] = [];
  let root: Element | undefined;
  let parts = 0;
  const countPart = (): void => {
    parts += 1;
    if (parts > MAX_PARTS)
      throw invalidXml(`there are more than ${MAX_PARTS} elements, attributes and texts`);
  };
  parser.on("error", (error) => {
    throw invalidXml(error.message.replace(/^\d+:\d+: |\.$/g, ""));
  });
  parser.on("doctype", () => {
    throw invalidXml("document types are not accepted");
  });
  parser.on("opentagstart", () => {
    countPart();
    if (open.length >= MAX_DEPTH) throw invalidXml(`more than ${MAX_DEPTH} elements are inside each other`);
  });
  parser.on("attribute", countPart);
  parser.on("opentag", (tag) => {
    const kept = Object.values(tag.attributes)
      .filter(({ prefix, name }) => prefix !== "xmlns" && name !== "xmlns")
      .map((given) => ({ name: checkedName(given), value: given.value }));
    const element = new Element(checkedName(tag), kept);
    const above = open.at(-1);
    above?.children.push(element);
    above?.nodes.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on("closetag", () => void open.pop());
  const addText = (more: string): void => {
    countPart();
    open.at(-1)?.nodes.push(more);
  };
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.write(text).close();
  if (!root) throw invalidXml("it is empty");
  return root;
}

/** @throws Problem invalid_request */
function checkedName({ uri, local }: { uri: string; local: string }): string {
  if (uri.length <= MAX_NAME && local.length <= MAX_NAME) return `{${uri}}${local}`;
  throw invalidXml(`a name or namespace has more than ${MAX_NAME} characters`);
}

function invalidXml(reason: string): Problem {
  return invalidBody(`The XML of the body cannot be read: ${reason.slice(0, 200).toWellFormed()}.`);
}

/** The problem of a body that is not the document that its method needs. */
export function invalidBody(detail: string): Problem {
  return new Problem("invalid_request", detail, {
    errors: [{ code: "invalid_value", pointer: "/body", detail }],
  });
}
