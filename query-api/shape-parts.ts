/**
 * shape-parts.ts: what schemas of answers are put together from.
 */
import { Type, type TProperties, type TSchema } from "typebox";

/** With these fields and no other: documents are published open (query-api/openapi.ts), and tests hold answers to it. */
export const object = <T extends TProperties>(properties: T, description?: string) =>
  Type.Object(properties, { additionalProperties: false, ...(description === undefined ? {} : { description }) });
export const text = (description?: string) => Type.String(description === undefined ? {} : { description });
export const number = (description?: string) => Type.Number(description === undefined ? {} : { description });
export const orNull = <T extends TSchema>(schema: T, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description });
export const words = <T extends string>(...all: T[]) => Type.Unsafe<T>({ type: "string", enum: all });

/** Fails to compile where a shape lacks what its interface has, or has it otherwise. */
export type Is<Shape extends Interface, Interface> = Shape;
