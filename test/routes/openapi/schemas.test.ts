// Conversion of JSON Schema to OpenAPI 3.0.

import { describe, expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { openApiDocument } from "../../../src/routes/openapi/schemas.ts";

/** The converted form of a schema below the paths of a document. */
function written(schema: unknown): unknown {
  const document = openApiDocument(JSON.parse(JSON.stringify({ openapi: "3.0.3", paths: { schema } })), []);
  expect(document.openapi).toBe("3.0.3");
  expect(document.components).toEqual({ schemas: {} });
  return document.paths instanceof Object && "schema" in document.paths ? document.paths.schema : undefined;
}

describe("schemas", () => {
  test("of literals become an enumeration", () => {
    expect(written(Type.Union([Type.Literal("a"), Type.Literal("b")], { description: "one" }))).toEqual({
      type: "string",
      enum: ["a", "b"],
      description: "one",
    });
    expect(written(Type.Literal("a"))).toEqual({ type: "string", enum: ["a"] });
  });

  test("with null in a union are nullable", () => {
    expect(written(Type.Union([Type.String(), Type.Null()], { description: "text" }))).toEqual({
      type: "string",
      nullable: true,
      description: "text",
    });
    expect(written(Type.Union([Type.Literal("a"), Type.Null()]))).toEqual({
      type: "string",
      enum: ["a"],
      nullable: true,
    });
    expect(written(Type.Union([Type.String(), Type.Boolean(), Type.Null()]))).toEqual({
      anyOf: [{ type: "string" }, { type: "boolean" }],
      nullable: true,
    });
  });

  test("of numbers that are also parsed from text are numbers", () => {
    const text = Type.String({ format: "integer", default: 0 });
    expect(written(Type.Union([text, Type.Integer({ minimum: 1 })]))).toEqual({
      type: "integer",
      minimum: 1,
    });
  });

  test("of other unions are unchanged", () => {
    const either = { anyOf: [{ type: "string" }, { type: "array", items: { type: "integer" } }] };
    expect(written(Type.Union([Type.String(), Type.Array(Type.Integer())]))).toEqual(either);
  });

  test("with a name become references to the components", () => {
    const Inner = Type.Object({ kind: Type.Literal("inner") }, { $id: "Inner" });
    const Outer = Type.Object({ one: Inner, many: Type.Array(Inner) }, { $id: "Outer" });
    const reference = { $ref: "#/components/schemas/Inner" };
    expect(written({ deep: [Inner] })).toEqual({ deep: [reference] });
    expect(openApiDocument({}, [Inner, Outer]).components).toEqual({
      schemas: {
        Inner: {
          type: "object",
          required: ["kind"],
          properties: { kind: { type: "string", enum: ["inner"] } },
        },
        Outer: {
          type: "object",
          required: ["one", "many"],
          properties: { one: reference, many: { type: "array", items: reference } },
        },
      },
    });
  });
});

test("an invalid document is refused", () => {
  for (const nothing of [null, [], "text"]) expect(() => openApiDocument(nothing, [])).toThrow(TypeError);
});
