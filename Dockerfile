# CPU:  docker build -t seesaw .
# CUDA: docker build -t seesaw . && docker run --gpus all ... (the wheels of torch bring CUDA along)
FROM python:3.12-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends bsdextrautils gcc g++ git make \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home seesaw
USER seesaw
WORKDIR /home/seesaw/app
COPY --chown=seesaw:seesaw . .
RUN make setup
ENTRYPOINT ["make"]
CMD ["bench", "METHOD=smora"]
