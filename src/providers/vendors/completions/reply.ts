import { z } from 'zod';
import { DubError } from '../../../errors.js';
import type { ChatAnswer } from './chat.js';
import type { TokenCounts } from './tokens.js';

const tokenCount = z.number().nonnegative().nullish().catch(undefined);

const part = z.looseObject({ text: z.string() });

const completion = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        finish_reason: z.string().nullish(),
        message: z.looseObject({
          // A string as a rule, a list of parts, or one part (seen at Zhipu).
          content: z.union([z.string(), z.array(part), part]).nullish(),
        }),
      }),
    )
    .min(1),
  usage: z
    .looseObject({ prompt_tokens: tokenCount, completion_tokens: tokenCount, total_tokens: tokenCount })
    .nullish()
    .catch(undefined),
});

/**
 * Reads a chat completion as OpenAI shaped it.
 * @param service the service's name, for errors
 */
export function readCompletion(data: unknown, headerId: string | null, service: string): ChatAnswer {
  const result = completion.safeParse(data);
  const id = typeof data === 'object' && data !== null ? String(Reflect.get(data, 'id') ?? '') : '';
  const requestId = /^chatcmpl-(.+)$/.exec(id)?.[1] ?? headerId;
  if (!result.success) {
    const [issue] = result.error.issues;
    const where = issue === undefined ? '' : `: ${issue.path.map(String).join('.') || 'body'}: ${issue.message}`;
    const request = requestId === null ? '' : ` (request ${requestId})`;
    throw new DubError('PROVIDER_BAD_REPLY', `The answer of ${service} is not as documented${where}${request}.`, {
      hint: 'Check the base URL: something else than the service may have answered. The same command resumes.',
      retryable: true,
    });
  }
  const { choices, usage } = result.data;
  const { message, finish_reason: finish } = choices[0]!;
  const content = message.content ?? '';
  return {
    text:
      typeof content === 'string'
        ? content
        : [content]
            .flat()
            .map(({ text }) => text)
            .join(''),
    finish: finish ?? 'stop',
    tokens: readTokens(usage),
    requestIds: requestId === null ? [] : [requestId],
  };
}

function readTokens(usage: z.output<typeof completion>['usage']): TokenCounts {
  const [input, output] = [usage?.prompt_tokens ?? 0, usage?.completion_tokens ?? 0];
  return { input, output, undivided: input + output > 0 ? 0 : (usage?.total_tokens ?? 0) };
}
