import { z } from 'zod';
import type { Rung } from './models.js';

/** One line of an answer. */
export interface AnsweredLine {
  readonly id: string;
  readonly wordings: readonly string[];
}

const wordingsField = z.union([z.array(z.string()), z.string().transform((text) => [text])]);

// `text` and `translation` are what models write that take no heed of the form asked for.
const answeredLine = z
  .looseObject({
    id: z.union([z.string(), z.number().transform(String)]),
    wordings: wordingsField.optional(),
    text: wordingsField.optional(),
    translation: wordingsField.optional(),
  })
  .transform(({ id, wordings, text, translation }) => ({ id, wordings: wordings ?? text ?? translation ?? [] }));

const answer = z.union([
  z.looseObject({ lines: z.array(z.unknown()) }).transform(({ lines }) => lines),
  z.looseObject({ items: z.array(z.unknown()) }).transform(({ items }) => items),
  z.array(z.unknown()),
]);

const notes = z.looseObject({
  summary: z.string().default(''),
  terms: z.array(z.unknown()).default([]),
});

const term = z.looseObject({ source: z.string().min(1), target: z.string().min(1) });

const lineSchema = {
  type: 'object',
  properties: { id: { type: 'string' }, wordings: { type: 'array', items: { type: 'string' } } },
  required: ['id', 'wordings'],
  additionalProperties: false,
};

/** The form of an answer to lines, as a JSON Schema of the subset the service names. */
export const linesSchema = objectSchema({ lines: { type: 'array', items: lineSchema } });

/** The form of an answer to a whole script. */
export const notesSchema = objectSchema({
  summary: { type: 'string' },
  terms: { type: 'array', items: objectSchema({ source: { type: 'string' }, target: { type: 'string' } }) },
});

/** The field that asks for JSON; none on the last rung, where the prompt alone asks. */
export function responseFormat(rung: Rung, name: string, schema: object): { readonly response_format?: object } {
  if (rung === 'text') return {};
  if (rung === 'object') return { response_format: { type: 'json_object' } };
  // `strict` inside: so since mid-February 2026; the pages of two weeks before had it beside.
  return { response_format: { type: 'json_schema', json_schema: { name, strict: true, schema } } };
}

/** The lines of an answer, whatever surrounds its JSON; undefined when it holds none. Odd entries are left out. */
export function readLines(text: string): readonly AnsweredLine[] | undefined {
  for (const json of jsonIn(text)) {
    const found = answer.safeParse(json);
    if (!found.success) continue;
    return found.data.map((one) => answeredLine.safeParse(one)).flatMap((one) => (one.success ? [one.data] : []));
  }
  return undefined;
}

/** Summary and terms of an answer; undefined when it holds none. */
export function readNotes(text: string) {
  for (const json of jsonIn(text)) {
    const found = notes.safeParse(json);
    if (!found.success || !('summary' in Object(json))) continue;
    const terms = found.data.terms.map((one) => term.safeParse(one)).flatMap((one) => (one.success ? [one.data] : []));
    return { summary: found.data.summary, terms: terms.map(({ source, target }) => ({ source, target })) };
  }
  return undefined;
}

/** What may be JSON in a text: all of it, what is fenced, and from the first bracket to the last. */
function jsonIn(text: string): unknown[] {
  const fenced = [...text.matchAll(/```(?:json)?\s*([\s\S]*?)```/gi)].map((match) => match[1] ?? '');
  const object = text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1);
  const list = text.slice(text.indexOf('['), text.lastIndexOf(']') + 1);
  return [text, ...fenced, object, list].flatMap((part) => {
    try {
      return [JSON.parse(part) as unknown];
    } catch {
      return [];
    }
  });
}

function objectSchema(properties: Readonly<Record<string, object>>) {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}
