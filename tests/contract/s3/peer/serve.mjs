// An S3 service with one bucket, "rampa", on loopback: PORT (0: any free one), content in DIRECTORY. s3rver keeps the objects; it does not
// check signatures, so aws4 signs each request once more and compares (access key and secret are both S3RVER), and what was sent is
// hashed. Prints its port. s3_test.cpp's peer; neither shares code with the client there.
import crypto from 'node:crypto';
import http from 'node:http';
import { PassThrough } from 'node:stream';
import aws4 from 'aws4';
import S3rver from 's3rver';

const [port, directory] = process.argv.slice(2);
const store = new S3rver({ silent: true, directory, configureBuckets: [{ name: 'rampa', configs: [] }] });
await store.configureBuckets();
const answer = store.callback();

function signedRight(request) {
  const [, region, names] = /^AWS4-HMAC-SHA256 Credential=S3RVER\/\d{8}\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), /.exec(request.headers.authorization ?? '') ?? [];
  if (!names) return false;
  const headers = Object.fromEntries(names.split(';').map((name) => [name, request.headers[name]]));
  const own = aws4.sign({ service: 's3', region, method: request.method, path: request.url, headers }, { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' });
  return own.headers.Authorization === request.headers.authorization;
}

const server = http.createServer((request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    const body = Buffer.concat(pieces);
    const hash = crypto.createHash('sha256').update(body).digest('hex');
    if (!signedRight(request) || request.headers['x-amz-content-sha256'] !== hash) {
      response.writeHead(403, { 'content-type': 'application/xml' }).end('<Error><Code>SignatureDoesNotMatch</Code></Error>');
      return;
    }
    const again = Object.assign(new PassThrough(), { method: request.method, url: request.url, headers: request.headers, rawHeaders: request.rawHeaders, socket: request.socket, connection: request.socket, httpVersion: request.httpVersion, httpVersionMajor: 1, httpVersionMinor: 1, complete: true });
    answer(again, response);
    again.end(body);
  });
});
server.listen(Number(port), '127.0.0.1', () => console.log(`port ${server.address().port}`));
