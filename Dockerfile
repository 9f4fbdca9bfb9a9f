# One image for every process of docker-compose.yml.
FROM python:3.11-slim

WORKDIR /touchpoint
COPY requirements.txt .
RUN pip install --no-cache-dir uv==0.13.9 \
    && uv pip install --system --no-cache --compile-bytecode -r requirements.txt
COPY . .
RUN useradd --create-home touchpoint && mkdir -p var && chown touchpoint var
USER touchpoint
ENV PYTHONPATH=/touchpoint/plugins:/touchpoint:/touchpoint/include/airflow
