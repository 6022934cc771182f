/** GET /health, GET /writer, POST /writer/pause, POST /writer/resume. Published on loopback only; a page in a browser cannot reach it by another name. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { HealthReport } from './health-check.ts';
import type { OrderWriter } from './order-writer.ts';

export interface Application {
  readonly writer: OrderWriter;
  checkHealth(): Promise<HealthReport>;
  /** By which other name it may be asked, where it is no loopback; none where null. */
  readonly allowedHost: string | null;
}

export function createHttpServer(application: Application): Server {
  return createServer((request, response) => {
    answer(application, request).then(
      ({ status, body }) => send(response, status, body),
      (error: unknown) => send(response, 500, { error: error instanceof Error ? error.message : String(error) }),
    );
  });
}

async function answer({ writer, checkHealth, allowedHost }: Application, request: IncomingMessage): Promise<{ status: number; body: object }> {
  const name = (request.headers.host ?? '').replace(/:\d+$/, '');
  if (!['localhost', '127.0.0.1', allowedHost].includes(name)) return { status: 403, body: { error: 'loopback only' } };
  switch (`${request.method} ${request.url}`) {
    case 'GET /health': {
      const report = await checkHealth();
      return { status: report.healthy ? 200 : 503, body: { status: report.healthy ? 'healthy' : 'unhealthy', reasons: report.reasons } };
    }
    case 'POST /writer/pause':
      await writer.pause();
      return { status: 200, body: writer.stats };
    case 'POST /writer/resume':
      writer.resume();
      return { status: 200, body: writer.stats };
    case 'GET /writer':
      return { status: 200, body: writer.stats };
    default:
      return { status: 404, body: { error: 'no such page' } };
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}
