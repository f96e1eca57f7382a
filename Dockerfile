# The mock server in a container.
#
#   docker build -t mock-server .
#   docker run --rm -p 8080:8080 -e MOCK_SERVER_ADMIN_TOKEN=choose-your-own mock-server
#
# The server listens on all addresses here, and then insists on a token for its admin API. The image has none, as one
# that all share would protect nobody: give yours in MOCK_SERVER_ADMIN_TOKEN, or the server says so and exits. Admin
# calls carry it as `Authorization: Bearer TOKEN`.
#
# Every option has an environment variable (`docker run --rm mock-server --help`). Clients that come by a host name, the
# name of a service for instance, need two of them: MOCK_SERVER_PUBLIC_URL=http://mock:8080 for the addresses that the
# server announces, and MOCK_SERVER_ALLOW_HOST=mock for admin calls. Arguments of `docker run` take the place of CMD
# below, so they have to repeat `--host 0.0.0.0`.

FROM rust:1.95-slim-bookworm AS builder
WORKDIR /build
# All members of the workspace, because cargo wants each manifest, even of those that are not built.
COPY . .
RUN cargo build --release --locked -p mock-server

# The same Debian as the builder's, for the same C library.
FROM debian:bookworm-slim
COPY --from=builder /build/target/release/mock-server /usr/local/bin/mock-server
# A number, so that Kubernetes can tell that it is not root. It needs no name and no files of its own.
USER 10001:10001
EXPOSE 8080
ENTRYPOINT ["mock-server"]
CMD ["--host", "0.0.0.0"]
