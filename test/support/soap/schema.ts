// The schema of a WSDL as a document of its own, and the judgement of answers by it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../servers/peers.ts';

/** The schema within a description. */
export function schemaIn(wsdl: string): string {
  const end = '</xs:schema>';
  const text = wsdl.slice(wsdl.indexOf('<xs:schema'), wsdl.indexOf(end) + end.length);
  const prefixes = 'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:tandem:northbound:1"';
  return text.replace('<xs:schema', `<xs:schema ${prefixes}`);
}

/** The elements in the bodies of envelopes, held against the schema by libxml2. @throws Error that names the first that is wrong */
export async function assertValid(wsdl: string, envelopes: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-soap-'));
  try {
    const schema = join(folder, 'northbound.xsd');
    await writeFile(schema, schemaIn(wsdl));
    const files = await Promise.all(
      envelopes.map(async (envelope, at) => {
        const file = join(folder, `${at}.xml`);
        await writeFile(file, contentOf(envelope));
        return file;
      }),
    );
    const AT_ONCE = 200;
    for (let at = 0; at < files.length; at += AT_ONCE)
      await run('xmllint', ['--noout', '--schema', schema, ...files.slice(at, at + AT_ONCE)], { maxBuffer: 1 << 26 });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The element that the schema describes: the answer, or the problem of a fault. */
function contentOf(envelope: string): string {
  const [, body = ''] = /<soap:Body>([\s\S]*)<\/soap:Body>/.exec(envelope) ?? [];
  if (!body.startsWith('<soap:Fault>')) return body;
  const [, problem = ''] = /<detail[^>]*>([\s\S]*)<\/detail>/.exec(body) ?? [];
  return problem.replace('<t:problem', '<t:problem xmlns:t="urn:tandem:northbound:1"');
}
