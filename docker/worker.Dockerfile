# The worker of one Docker host. Debian, not Alpine: Temporal's core is built for glibc only.
FROM node:24.21-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:24.21-bookworm-slim
WORKDIR /opt/holdfast
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY --from=build /build/bin ./bin
COPY --from=build /build/docker/worker-health.mjs ./docker/
RUN ln -s /opt/holdfast/bin/holdfast.js /usr/local/bin/holdfast && chmod 755 bin/holdfast.js
# As root: files that helper containers write into a repository on disk belong to the databases' users, and who may talk to the Docker
# socket is root on this machine anyway. To do without the socket, give DOCKER_HOST and a proxy that allows only what is needed.
ENV NODE_ENV=production
STOPSIGNAL SIGTERM
CMD ["holdfast", "worker"]
