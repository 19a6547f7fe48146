import { randomBytes } from 'node:crypto';
import type { Fault } from './faults.js';
import type { RawAnswer } from './wire.js';

/** An error as object storage answers it. */
export function xmlError(status: number, code: string, message: string, retryAfter?: number | string): RawAnswer {
  const requestId = randomBytes(12).toString('hex').toUpperCase();
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<Error>',
    `  <Code>${code}</Code>`,
    `  <Message>${xmlText(message)}</Message>`,
    `  <RequestId>${requestId}</RequestId>`,
    '  <HostId>emulated.oss-cn-beijing.aliyuncs.com</HostId>',
    '</Error>',
    '',
  ];
  const headers = { 'content-type': 'application/xml', server: 'AliyunOSS', 'x-oss-request-id': requestId };
  const waiting = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  return { status, headers: { ...headers, ...waiting }, body: Buffer.from(lines.join('\n')) };
}

/** The refusal that a scripted fault asks for; undefined for none, and for faults of the connection. */
export function scriptedRefusal(fault: Fault | undefined): RawAnswer | undefined {
  if (fault === undefined || (fault.kind ?? 'status') !== 'status') return undefined;
  const { status = 500, code = 'InternalError', message = 'Scripted fault.', retryAfter } = fault;
  return xmlError(status, code, message, retryAfter);
}

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
