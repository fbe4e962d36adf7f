// Turns the JSON Schema that TypeBox writes into what OpenAPI 3.0 knows, anywhere in a document.

type JsonObject = { readonly [key: string]: unknown };

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The document in the words of OpenAPI 3.0: schemas with an `$id` become references to the component of that name, and
 * `const`, `null`, and alternatives that only say that text is read as a number too, are said as 3.0 says them.
 * @param document what a generator wrote, parsed
 * @param schemas the components
 */
export function openApiDocument(
  document: unknown,
  schemas: readonly { readonly $id?: string }[],
): JsonObject {
  if (!isObject(document)) throw new TypeError("An OpenAPI document is an object.");
  const components = Object.fromEntries(schemas.map(({ $id, ...schema }) => [$id, openApi(schema)]));
  return { ...document, paths: openApi(document.paths), components: { schemas: components } };
}

function openApi(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(openApi);
  if (!isObject(value)) return value;
  return typeof value.$id === "string" ? { $ref: `#/components/schemas/${value.$id}` } : rewritten(value);
}

function rewritten({ anyOf, const: only, ...rest }: JsonObject): JsonObject {
  const kept = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, openApi(value)]));
  if (only !== undefined) return { ...kept, enum: [only] };
  return Array.isArray(anyOf) ? { ...alternatives(anyOf.filter(isObject)), ...kept } : kept;
}

function alternatives(schemas: readonly JsonObject[]): JsonObject {
  const values = schemas.filter((schema) => schema.type !== "null" && !isNumberAsText(schema));
  const nullable = schemas.some((schema) => schema.type === "null") && { nullable: true };
  const [first] = values;
  if (first && values.every((schema) => typeof schema.const === "string"))
    return { type: "string", enum: values.map((schema) => schema.const), ...nullable };
  return {
    ...(first && values.length === 1 ? rewritten(first) : { anyOf: values.map(openApi) }),
    ...nullable,
  };
}

/** Elysia adds such an alternative to every integer and number. */
function isNumberAsText({ type, format }: JsonObject): boolean {
  return type === "string" && (format === "integer" || format === "numeric");
}
