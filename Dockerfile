# syntax=docker/dockerfile:1
# The connector as an image: one static program, and what the platform needs beside it.
#
#   docker build $(image/arguments) .
#
# Every stage runs on the platform that the image is for, so nothing is cross-compiled. What they
# make is made by two scripts; integration_tests/image/run builds from their output, where no
# registry can be asked for the images that the stages start from.

ARG RUST=1.95.0
ARG DEBIAN=bookworm

FROM rust:${RUST}-${DEBIAN} AS program
ARG RUST
# The image's own toolchain: rust-toolchain.toml would fetch clippy and rustfmt as well.
ENV RUSTUP_TOOLCHAIN=${RUST}
WORKDIR /build
COPY . .
RUN image/binary /made

FROM debian:${DEBIAN}-slim AS files
RUN apt-get update \
 && apt-get install --yes --no-install-recommends busybox-static ca-certificates
COPY image/files /
RUN /files /made

FROM scratch
ARG NAME=ghcr.io/source-hubspot/source-hubspot
ARG VERSION=dev
ARG REVISION=unknown

COPY --from=files /made/root/ /
COPY --from=files --chown=1000:1000 /made/user/ /
COPY --from=program /made/ /

ENV PATH=/usr/local/bin:/bin \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    AIRBYTE_ENTRYPOINT=/usr/local/bin/source-hubspot

LABEL io.airbyte.name="${NAME}" \
      io.airbyte.version="${VERSION}" \
      org.opencontainers.image.title="source-hubspot" \
      org.opencontainers.image.description="Airbyte source connector for HubSpot" \
      org.opencontainers.image.source="https://github.com/source-hubspot/source-hubspot" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT"

WORKDIR /airbyte
USER 1000:1000
ENTRYPOINT ["/usr/local/bin/source-hubspot"]
