/** An error as the service answers it. */
export class OssError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** More elements of the XML, in order. */
    readonly elements: Readonly<Record<string, string>> = {},
    readonly ec: string = '',
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** The error document. */
export function errorXml(error: OssError, requestId: string, host: string): string {
  const ec = error.ec === '' ? {} : { EC: error.ec, RecommendDoc: `https://api.aliyun.com/troubleshoot?q=${error.ec}` };
  const elements = {
    Code: error.code,
    Message: error.message,
    RequestId: requestId,
    HostId: host,
    ...error.elements,
    ...ec,
  };
  return document('Error', elements);
}

/** A document of one level. */
export function document(root: string, elements: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(elements).map(([name, value]) => `  <${name}>${xmlText(String(value))}</${name}>`);
  return ['<?xml version="1.0" encoding="UTF-8"?>', `<${root}>`, ...lines, `</${root}>`].join('\n');
}

/** Text made safe for XML. */
export function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** What XML text means. */
export function plainText(xml: string): string {
  const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return xml.replace(/&(?:#(\d+)|(amp|lt|gt|quot|apos));/g, (_, code: string | undefined, name: string) =>
    code === undefined ? entities[name]! : String.fromCodePoint(Number(code)),
  );
}
