// Converts the JSON Schemas of TypeBox to OpenAPI 3.0, anywhere in a document.

type JsonObject = { readonly [key: string]: unknown };

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Converts a document to OpenAPI 3.0: schemas with an `$id` become references to the component of that name; `const` and
 * `null` are rewritten; alternatives that only allow a number as text are removed.
 * @param document the parsed output of a generator
 * @param schemas the components
 */
export function openApiDocument(
  document: unknown,
  schemas: readonly { readonly $id?: string }[],
): JsonObject {
  if (!isObject(document)) throw new TypeError("An OpenAPI document must be an object.");
  const components = Object.fromEntries(schemas.map(({ $id, ...schema }) => [$id, openApi(schema)]));
  const given = isObject(document.components) ? document.components : {};
  return { ...document, paths: openApi(document.paths), components: { ...given, schemas: components } };
}

function openApi(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(openApi);
  if (!isObject(value)) return value;
  return typeof value.$id === "string" ? { $ref: `#/components/schemas/${value.$id}` } : rewrite(value);
}

function rewrite({ anyOf, const: only, ...others }: JsonObject): JsonObject {
  const converted = Object.fromEntries(Object.entries(others).map(([key, value]) => [key, openApi(value)]));
  if (only !== undefined) return { ...converted, enum: [only] };
  return Array.isArray(anyOf) ? { ...alternatives(anyOf.filter(isObject)), ...converted } : converted;
}

function alternatives(schemas: readonly JsonObject[]): JsonObject {
  const values = schemas.filter((schema) => schema.type !== "null" && !isNumberAsText(schema));
  const nullable = schemas.some((schema) => schema.type === "null") && { nullable: true };
  const [first] = values;
  if (first && values.every((schema) => typeof schema.const === "string"))
    return { type: "string", enum: values.map((schema) => schema.const), ...nullable };
  return {
    ...(first && values.length === 1 ? rewrite(first) : { anyOf: values.map(openApi) }),
    ...nullable,
  };
}

/** Elysia adds such an alternative to every integer and number, because query values arrive as text. */
function isNumberAsText({ type, format }: JsonObject): boolean {
  return type === "string" && (format === "integer" || format === "numeric");
}
