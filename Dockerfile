# syntax=docker/dockerfile:1
# The connector as an image: one static binary, and what the platform needs beside it.
#
#   docker build --build-arg NAME=source-hubspot/source-hubspot --build-arg VERSION=0.1.0 .
#
# Every stage runs on the platform that the image is for, so nothing is cross-compiled.

ARG RUST=1.95.0
ARG DEBIAN=bookworm

FROM rust:${RUST}-${DEBIAN} AS builder
ARG RUST
# The image's own toolchain: rust-toolchain.toml would fetch clippy and rustfmt as well.
ENV RUSTUP_TOOLCHAIN=${RUST}
WORKDIR /build
COPY . .
# The target is named so that the flag is for the binary alone, not for build scripts and macros.
RUN target="$(rustc -vV | sed -n 's/^host: //p')" \
 && case "$target" in x86_64-unknown-linux-gnu|aarch64-unknown-linux-gnu) ;; *) exit 1 ;; esac \
 && RUSTFLAGS="-C target-feature=+crt-static" \
    cargo build --release --locked --package source-hubspot --target "$target" \
 && install -D "target/$target/release/source-hubspot" /out/usr/local/bin/source-hubspot \
 && /out/usr/local/bin/source-hubspot spec >/dev/null

FROM debian:${DEBIAN}-slim AS system
RUN apt-get update \
 && apt-get install --yes --no-install-recommends busybox-static ca-certificates \
 && rm -rf /var/lib/apt/lists/*
# Root's files. The platform starts the connector through a script that runs in the image and
# needs a shell and four tools.
RUN mkdir -p /root-files/bin /root-files/etc/ssl/certs \
 && cp /bin/busybox /root-files/bin/busybox \
 && for tool in sh sleep kill mv touch; do ln -s busybox "/root-files/bin/$tool"; done \
 && cp /etc/ssl/certs/ca-certificates.crt /root-files/etc/ssl/certs/ \
 && echo 'root:x:0:0:root:/:/bin/sh' >/root-files/etc/passwd \
 && echo 'airbyte:x:1000:1000:airbyte:/airbyte:/bin/sh' >>/root-files/etc/passwd \
 && echo 'root:x:0:' >/root-files/etc/group \
 && echo 'airbyte:x:1000:' >>/root-files/etc/group \
 && echo 'hosts: files dns' >/root-files/etc/nsswitch.conf
# What the connector's user may write to.
RUN mkdir -p /user-files/airbyte /user-files/config /user-files/secrets /user-files/tmp \
 && chmod 1777 /user-files/tmp

FROM scratch
ARG NAME=source-hubspot/source-hubspot
ARG VERSION=dev
ARG REVISION=unknown

COPY --from=system /root-files/ /
COPY --from=system --chown=1000:1000 /user-files/ /
COPY --from=builder /out/ /

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
