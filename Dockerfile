FROM node:24-trixie-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# Without Azurite, which is optional and larger than all the rest: docker-compose.yml has one in a container of its own.
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund

# Debian 13 is the first Debian whose own nats-server is new enough. The hub starts it when NATS_URL is not set.
FROM node:24-trixie-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends nats-server \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir /data \
 && chown node:node /data
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json LICENSE ./
COPY core core
COPY query query
COPY projections projections
COPY adapters adapters

# The user node may not listen below 1024 everywhere, so HTTPS is on 8443: publish it as 443, where the SDKs look.
ENV NODE_ENV=production \
    NODE_OPTIONS="--disable-warning=ExperimentalWarning --max-semi-space-size=64" \
    TWINSTREAM_HTTPS_PORT=8443 \
    TWINSTREAM_NATS_SERVER=/usr/sbin/nats-server
USER node
VOLUME /data
EXPOSE 8443 8883 5671

# The certificate is not checked: the hub asks itself, and may hold one of the operator's own for other names.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["node", "-e", "require('node:https').get({ host: '127.0.0.1', port: process.env.TWINSTREAM_HTTPS_PORT, path: '/healthz', rejectUnauthorized: false }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
CMD ["node", "adapters/cli/main.ts", "start", "--data", "/data"]
