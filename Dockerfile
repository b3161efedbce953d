# The service without embedded servers: one image, one process per container, the process named by the command.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements.lock requirements-image.lock ./
# the whole lock for building, what the service needs for running: the same versions and hashes
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --require-hashes --no-deps --only-binary :all: -r requirements.lock
RUN python -m venv --without-pip /opt/sms-service \
 && /opt/build/bin/pip --python /opt/sms-service/bin/python install \
      --require-hashes --no-deps --only-binary :all: -r requirements-image.lock
COPY . .
RUN /opt/build/bin/pip wheel --no-build-isolation --no-deps --wheel-dir /wheels . \
 && /opt/build/bin/pip --python /opt/sms-service/bin/python install --no-deps /wheels/*.whl

FROM python:${PYTHON}-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin sms
COPY --from=build /opt/sms-service /opt/sms-service
ENV PATH=/opt/sms-service/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001
WORKDIR /tmp
CMD ["sms-service", "web"]
