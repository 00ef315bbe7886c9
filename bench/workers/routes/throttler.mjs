import { UseGuards } from '@nestjs/common';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';

const CLIENTS = 1_000;
const CLIENT_HEADER = 'x-client';

/** A limit that nobody comes to. It counts each client's hits one by one, so the requests come from many clients. */
export const throttler = {
  refuses: [],
  protect: () => ({
    imports: [
      ThrottlerModule.forRoot({
        throttlers: [{ ttl: 1_000, limit: 1_000_000 }],
        getTracker: ({ headers }) => headers[CLIENT_HEADER] ?? 'unknown',
      }),
    ],
    decorators: [UseGuards(ThrottlerGuard)],
  }),
  proveAll: ({ count }) =>
    Array.from({ length: count }, (_, index) => ({ [CLIENT_HEADER]: `client-${index % CLIENTS}` })),
};
