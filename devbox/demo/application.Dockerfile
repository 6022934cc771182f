# The demo's shop where no registry answers: a database image's file system (it has the C and C++ libraries that Node needs), with
# nothing of its settings, and this checkout's own Node. For the demo and the tests only.
ARG BASE
FROM ${BASE} AS base
FROM scratch
COPY --from=base / /
COPY node /usr/local/bin/node
COPY application /app
USER 65534:65534
CMD ["/usr/local/bin/node", "/app/main.ts"]
