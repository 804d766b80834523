// Validates an AsyncAPI document and the schemas it refers to: node check-asyncapi.mjs FILE, started in a folder
// where @asyncapi/parser is installed. Ends with 1 when the document is not valid.
import { createRequire } from 'node:module';

const { Parser, fromFile } = createRequire(`${process.cwd()}/`)('@asyncapi/parser');
const ERROR = 0;

const { document, diagnostics } = await fromFile(new Parser(), process.argv[2]).parse();
const errors = diagnostics.filter((diagnostic) => diagnostic.severity === ERROR);
for (const { code, message, path } of errors) console.error(`${path.join('.')}: ${message} (${code})`);
if (!document || errors.length > 0) process.exit(1);
console.log(`valid: ${document.components().messages().length} messages`);
